import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyRotation } from '../../api/routes/route-helpers.ts'
import { COMMAND_LINE_ACTOR } from '../../auth/principal.ts'
import { rotateKeys } from '../../bootstrap/encryption/rotate-keys.ts'
import { type Config, ConfigError, loadConfig } from '../../config/config.ts'
import { weaknessMessage } from '../../config/secret-strength.ts'
import { createLog } from '../../shared/log.ts'
import { checkKeys } from '../../store/encryption/key-registry.ts'
import { createSealer } from '../../store/encryption/sealer.ts'
import { openStore } from '../../store/open-store.ts'
import { amendAudit, writeAudit } from '../../store/users/audit-log.ts'
import { connectTemporal, temporalTargetFromEnv } from '../../temporal/connection.ts'
import { callApi, urlOption } from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal } from '../cli-command.ts'

export const keyCommands = (terminal: Terminal) =>
  commandGroup('key', 'The encryption key 密钥', [rotate(terminal)])

const rotate = (terminal: Terminal) =>
  command(
    'rotate',
    "Re-encrypt the store's secrets with ENCRYPTION_KEY; set the old key in ENCRYPTION_KEY_PREVIOUS",
  )
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const config = loadConfig()
        // Only the running server can open the embedded store. PostgreSQL can be opened from here.
        const rotation =
          config.databaseUrl && !options.url
            ? await rotateDirectly(config, config.databaseUrl)
            : await callApi<KeyRotation>(options, { method: 'POST', path: '/api/keys/rotate' })
        return { value: rotation, text: describeRotation(rotation), failed: rotation.unreadable > 0 }
      }),
    )

async function rotateDirectly(config: Config, databaseUrl: string): Promise<KeyRotation> {
  const encryptionKey = config.encryptionKey ?? storedEncryptionKey(config.dataDir)
  const weakness = weaknessMessage('ENCRYPTION_KEY', encryptionKey)
  if (weakness) throw new ConfigError(weakness)
  const sealer = createSealer(encryptionKey, config.previousKeys)
  const store = await openStore({ databaseUrl, dataDir: null })
  const link = connectTemporal(temporalTargetFromEnv(config.temporal.env), 'cli')
  try {
    const keys = await checkKeys(store.db, sealer, Date.now())
    if (!keys.ok) {
      throw new CommandError(
        `The store has secrets that are encrypted with another key (id ${keys.missing.join(', ')}). Add that key to ENCRYPTION_KEY_PREVIOUS. Nothing was changed.`,
      )
    }
    const log = createLog('warn')
    const [target] = sealer.keyIds
    // The rotation is many statements, none of which may be missing in the audit log. So its row is written first.
    const note = { actor: COMMAND_LINE_ACTOR, action: 'key.rotate', target, at: Date.now() }
    const row = await writeAudit(store.db, { ...note, details: { outcome: 'unknown' } })
    const rotation = await rotateKeys({ db: store.db, sealer, client: link.client, now: Date.now, log })
    await amendAudit(store.db, row, { reencrypted: rotation.reencrypted, unreadable: rotation.unreadable })
    return rotation
  } finally {
    await link.close()
    await store.close()
  }
}

function describeRotation({ keyId, reencrypted, unreadable, previous }: KeyRotation): string {
  const total = Object.values(reencrypted).reduce((sum, n) => sum + n, 0)
  const lines = [`${total} secrets re-encrypted; all use the key ${keyId} now`]
  for (const [column, count] of Object.entries(reencrypted))
    if (count > 0) lines.push(`  ${column}: ${count}`)
  if (unreadable > 0) {
    lines[0] = `${total} secrets re-encrypted with the key ${keyId}`
    lines.push(
      `${unreadable} secrets cannot be decrypted with any known key, and are unchanged. Add their key to ENCRYPTION_KEY_PREVIOUS and repeat this command.`,
    )
  }
  for (const { keyId: id, openRuns, neededUntil } of previous) {
    const until =
      neededUntil ?? 'the retention of the Temporal namespace has passed (Temporal did not answer)'
    lines.push(
      openRuns > 0
        ? `keep the previous key ${id}: ${openRuns} open runs started with it. Their histories need it until ${until} or longer; repeat this command later`
        : `keep the previous key ${id} in ENCRYPTION_KEY_PREVIOUS until ${until}: histories in Temporal are encrypted with it`,
    )
  }
  return lines.join('\n')
}

/** The key that `npm start` keeps in its data folder; it can run with PostgreSQL too. */
function storedEncryptionKey(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, 'encryption-key'), 'utf8').trim()
  } catch {
    throw new ConfigError(
      `No encryption key was found in ${dataDir}. Set ENCRYPTION_KEY, or set DATA_DIR to the data folder of npm start.`,
    )
  }
}
