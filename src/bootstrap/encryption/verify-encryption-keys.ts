import type { DataConverter } from '@temporalio/common'
import { type Config, ConfigError } from '../../config/config.ts'
import { weakness, weaknessMessage } from '../../config/secret-strength.ts'
import type { Log } from '../../shared/log.ts'
import type { Db } from '../../store/db.ts'
import { checkKeys } from '../../store/encryption/key-registry.ts'
import { createSealer } from '../../store/encryption/sealer.ts'
import { createDataConverter } from '../../temporal/codec.ts'

/**
 * Compares the keys of this process with those that the store is sealed with, before anything else is read or written.
 * Answers with what client and workers encrypt histories by.
 * @throws ConfigError when a key is missing; the store is as it was
 */
export async function verifyEncryptionKeys(deps: {
  config: Pick<Config, 'previousKeys' | 'payloadEncryption'>
  db: Db
  encryptionKey: string
  log: Log
}): Promise<DataConverter> {
  const { previousKeys, payloadEncryption } = deps.config
  const sealer = createSealer(deps.encryptionKey, previousKeys)
  const check = await checkKeys(deps.db, sealer, Date.now())
  if (!check.ok) {
    throw new ConfigError(
      [
        `This store is sealed with a key (${listIds(check.missing)}) that this process does not have (it has ${listIds(sealer.keyIds)}). Nothing was changed.`,
        'Set ENCRYPTION_KEY to the key that the store was made with. To change to a new one, put the new one into',
        'ENCRYPTION_KEY and the old one into ENCRYPTION_KEY_PREVIOUS: docs/operate.md, "Change the encryption key".',
      ].join('\n'),
    )
  }
  if (check.pending.length > 0) {
    deps.log.warn(
      { keys: check.pending },
      'secrets may still be sealed with a previous key: once every process has the new one, run nurture key rotate',
    )
  }
  warnOfWeakKeys(deps)
  return createDataConverter({ current: deps.encryptionKey, previous: previousKeys }, payloadEncryption)
}

/** In development, where a short key is taken; and of old keys, which must be taken until nothing needs them. */
function warnOfWeakKeys(deps: {
  config: Pick<Config, 'previousKeys'>
  encryptionKey: string
  log: Log
}): void {
  const message = weaknessMessage('ENCRYPTION_KEY', deps.encryptionKey)
  if (message) deps.log.warn(`${message} Production roles refuse it.`)
  const weak = deps.config.previousKeys.filter((key) => weakness('ENCRYPTION_KEY', key) !== null).length
  if (weak > 0) {
    deps.log.warn(
      { keys: weak },
      'ENCRYPTION_KEY_PREVIOUS has keys that can be found by trying: run nurture key rotate, and take them out on the day that it names; backups from before stay readable by them',
    )
  }
}

/** `id a, b`; keys themselves are never shown. */
const listIds = (ids: readonly string[]) => `id ${ids.map((id) => (id === '?' ? 'unknown' : id)).join(', ')}`
