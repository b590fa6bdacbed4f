import type { DataConverter } from '@temporalio/common'
import { type Config, ConfigError } from '../../config/config.ts'
import { weakness, weaknessMessage } from '../../config/secret-strength.ts'
import type { Log } from '../../shared/log.ts'
import type { Db } from '../../store/db.ts'
import { checkKeys } from '../../store/encryption/key-registry.ts'
import { createSealer } from '../../store/encryption/sealer.ts'
import { createDataConverter } from '../../temporal/codec.ts'

/**
 * Checks that this process has every key that the store is encrypted with, before anything else is read or written.
 * @returns the data converter with which clients and workers encrypt histories
 * @throws ConfigError when a key is missing. The store is unchanged
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
        `The store is encrypted with a key (${listIds(check.missing)}) that this process does not have. It has ${listIds(sealer.keyIds)}. Nothing was changed.`,
        'Set ENCRYPTION_KEY to the key that the store was created with. To change the key, set ENCRYPTION_KEY to the new key',
        'and ENCRYPTION_KEY_PREVIOUS to the old one: docs/operate.md, "Change the encryption key".',
      ].join('\n'),
    )
  }
  if (check.pending.length > 0) {
    deps.log.warn(
      { keys: check.pending },
      'secrets may still be encrypted with a previous key: once every process has the new key, run nurture key rotate',
    )
  }
  warnOfWeakKeys(deps)
  return createDataConverter({ current: deps.encryptionKey, previous: previousKeys }, payloadEncryption)
}

/** Warns of a weak key in development, and of weak previous keys, which must be accepted while something needs them. */
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
      'ENCRYPTION_KEY_PREVIOUS has keys that can be guessed: run nurture key rotate, and remove them on the date that it prints. They can still decrypt older backups',
    )
  }
}

/** `id a, b`. Keys themselves are never shown. */
const listIds = (ids: readonly string[]) => `id ${ids.map((id) => (id === '?' ? 'unknown' : id)).join(', ')}`
