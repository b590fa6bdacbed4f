import { hkdfSync } from 'node:crypto'

/** ENCRYPTION_KEY, and the keys of ENCRYPTION_KEY_PREVIOUS that are readable beside it. */
export interface EncryptionKeys {
  current: string
  previous?: readonly string[]
}

/** One key for one purpose. Its id tells it from others and gives nothing of it away. */
export interface DerivedKey {
  id: string
  secret: Buffer
}

export interface Keyring {
  /** What is written from now on is written under this key. */
  current: DerivedKey
  /** The current one first, each once. */
  all: readonly DerivedKey[]
  byId(id: string): DerivedKey | undefined
}

const SALT = 'follower-nurture'
const ID_BYTES = 6

/**
 * The keys of one purpose, by HKDF: what is sealed for one purpose opens for no other. An id belongs to the
 * ENCRYPTION_KEY, so it is the same for every purpose.
 */
export function deriveKeyring(keys: EncryptionKeys, purpose: string): Keyring {
  const given = [...new Set([keys.current, ...(keys.previous ?? [])])]
  const all = given.map((key) => ({ id: keyIdOf(key), secret: derive(key, purpose, 32) }))
  const [current] = all
  if (!current) throw new Error('a keyring needs a key')
  return { current, all, byId: (id) => all.find((key) => key.id === id) }
}

/** Names an ENCRYPTION_KEY in the store and in histories. */
function keyIdOf(encryptionKey: string): string {
  return derive(encryptionKey, 'key id', ID_BYTES).toString('base64url')
}

function derive(key: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, SALT, purpose, bytes))
}
