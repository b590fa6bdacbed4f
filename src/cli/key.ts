import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMAND_LINE_ACTOR } from '../access/who.ts'
import type { KeyRotation } from '../api/kit.ts'
import { rotateKeys } from '../app/rotate-keys.ts'
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { linkEngine, targetFromEnvironment } from '../engine/connection.ts'
import { createLog } from '../log.ts'
import { weaknessTold } from '../secret-strength.ts'
import { amendAudit, writeAudit } from '../store/audit.ts'
import { openStore } from '../store/db.ts'
import { admitKeys } from '../store/keys-in-use.ts'
import { createSealer } from '../store/sealed.ts'
import { callApi, server } from './api-client.ts'
import { command, Failure } from './command.ts'

const rotate = command({
  name: 'rotate',
  description: "Seal the store's secrets under ENCRYPTION_KEY (the old one in ENCRYPTION_KEY_PREVIOUS)",
  args: server,
  async run(args) {
    const config = loadConfig()
    // The embedded store belongs to the program that runs; a PostgreSQL is reached without one.
    const done =
      config.databaseUrl && !args.url
        ? await rotateHere(config, config.databaseUrl)
        : await callApi<KeyRotation>(args, { method: 'POST', path: '/api/keys/rotate' })
    return { value: done, text: tell(done), failed: done.unreadable > 0 }
  },
})

async function rotateHere(config: Config, databaseUrl: string): Promise<KeyRotation> {
  const encryptionKey = config.encryptionKey ?? keptKey(config.dataDir)
  const weak = weaknessTold('ENCRYPTION_KEY', encryptionKey)
  if (weak) throw new ConfigError(weak)
  const sealer = createSealer(encryptionKey, config.previousKeys)
  const store = await openStore({ databaseUrl, dataDir: null })
  const link = linkEngine(targetFromEnvironment(config.temporal.env), 'cli')
  try {
    const admission = await admitKeys(store.db, sealer, Date.now())
    if (!admission.ok) {
      throw new Failure(
        `The store is sealed with a key (id ${admission.missing.join(', ')}) that is neither in ENCRYPTION_KEY nor in ENCRYPTION_KEY_PREVIOUS. Nothing was changed.`,
      )
    }
    const log = createLog('warn')
    const [target] = sealer.keyIds
    // Before it: the rotation is many small statements, and none of them may be without its row.
    const note = { actor: COMMAND_LINE_ACTOR, action: 'key.rotate', target, at: Date.now() }
    const row = await writeAudit(store.db, { ...note, details: { outcome: 'unknown' } })
    const done = await rotateKeys({ db: store.db, sealer, client: link.client, now: Date.now, log })
    await amendAudit(store.db, row, { resealed: done.resealed, unreadable: done.unreadable })
    return done
  } finally {
    await link.close()
    await store.close()
  }
}

function tell({ keyId, resealed, unreadable, previous }: KeyRotation): string {
  const total = Object.values(resealed).reduce((sum, n) => sum + n, 0)
  const lines = [`${total} secrets sealed anew; all are sealed with the key ${keyId} now`]
  for (const [column, count] of Object.entries(resealed)) if (count > 0) lines.push(`  ${column}: ${count}`)
  if (unreadable > 0) {
    lines[0] = `${total} secrets sealed anew with the key ${keyId}`
    lines.push(
      `${unreadable} could not be opened with any key: they are as they were. Give their key in ENCRYPTION_KEY_PREVIOUS and repeat this`,
    )
  }
  for (const { keyId: id, openRuns, neededUntil } of previous) {
    const until = neededUntil ?? 'the retention of the Temporal namespace is over (Temporal did not answer)'
    lines.push(
      openRuns > 0
        ? `keep the previous key ${id}: ${openRuns} runs that began under it go on. As things stand it is needed to read histories until ${until}; ask again later`
        : `keep the previous key ${id} in ENCRYPTION_KEY_PREVIOUS until ${until}: histories in Temporal are encrypted with it`,
    )
  }
  return lines.join('\n')
}

/** The key that `npm start` keeps, where it has a PostgreSQL of its own. */
function keptKey(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, 'encryption-key'), 'utf8').trim()
  } catch {
    throw new ConfigError(
      `Set ENCRYPTION_KEY, or DATA_DIR to the folder of npm start (looked in ${dataDir}).`,
    )
  }
}

export const keyCommands = { rotate }
