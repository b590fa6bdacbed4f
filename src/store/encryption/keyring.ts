import { hkdfSync } from 'node:crypto'

/** ENCRYPTION_KEY, and the keys of ENCRYPTION_KEY_PREVIOUS that can still decrypt. */
export interface EncryptionKeys {
  current: string
  previous?: readonly string[]
}

/** A key for one purpose. Its id does not reveal it. */
export interface DerivedKey {
  id: string
  secret: Buffer
}

export interface Keyring {
  /** The key that encrypts. */
  current: DerivedKey
  /** All keys without duplicates, the current one first. */
  all: readonly DerivedKey[]
  byId(id: string): DerivedKey | undefined
}

const SALT = 'follower-nurture'
const ID_BYTES = 6

/**
 * Derives the keys of one purpose by HKDF. A text that was encrypted for one purpose cannot be decrypted for another. The id
 * depends on the ENCRYPTION_KEY only, so it is the same for every purpose.
 */
export function deriveKeyring(keys: EncryptionKeys, purpose: string): Keyring {
  const given = [...new Set([keys.current, ...(keys.previous ?? [])])]
  const all = given.map((key) => ({ id: keyIdOf(key), secret: derive(key, purpose, 32) }))
  const [current] = all
  if (!current) throw new Error('a keyring needs a key')
  return { current, all, byId: (id) => all.find((key) => key.id === id) }
}

/** The id of an ENCRYPTION_KEY in the store and in histories. */
function keyIdOf(encryptionKey: string): string {
  return derive(encryptionKey, 'key id', ID_BYTES).toString('base64url')
}

function derive(key: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, SALT, purpose, bytes))
}
