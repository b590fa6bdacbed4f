import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type DerivedKey, deriveKeyring } from './keyring.ts'

/** A stored secret cannot be decrypted with the keys of this process. */
export class SealError extends Error {
  override name = 'SealError'
}

/** Encrypts secrets at rest: AES-256-GCM with a key derived from ENCRYPTION_KEY. */
export interface Sealer {
  seal(plain: string): string
  /** @throws SealError when the key is missing, or the text was changed */
  open(sealed: string): string
  /** The start of every text that the current key encrypted. */
  currentPrefix: string
  /** Ids of the keys of this process, the current one first. */
  keyIds: readonly [string, ...string[]]
}

/** The first part of `v2.keyId.iv.tag.text`; the others are base64url. */
const FORMAT = 'v2'

/** @param previous keys that decrypt only */
export function createSealer(encryptionKey: string, previous: readonly string[] = []): Sealer {
  const keys = deriveKeyring({ current: encryptionKey, previous }, 'secrets')
  const currentPrefix = `${FORMAT}.${keys.current.id}.`
  return {
    currentPrefix,
    keyIds: [keys.current.id, ...keys.all.slice(1).map((key) => key.id)],
    seal(plain) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keys.current.secret, iv)
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return currentPrefix + [iv, cipher.getAuthTag(), text].map((p) => p.toString('base64url')).join('.')
    },
    open(sealed) {
      const [format, id = '', ...parts] = sealed.split('.')
      const key = format === FORMAT ? keys.byId(id) : undefined
      const plain = key ? decrypt(key, parts) : null
      if (plain !== null) return plain
      throw new SealError(
        'A stored secret cannot be decrypted: its key is neither in ENCRYPTION_KEY nor in ENCRYPTION_KEY_PREVIOUS, or the secret was changed',
      )
    },
  }
}

/** Null when the key does not match, or the text was changed. */
function decrypt(key: DerivedKey, [iv = '', tag = '', text = '']: readonly string[]): string | null {
  const from = (part: string) => Buffer.from(part, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, from(iv)).setAuthTag(from(tag))
    return Buffer.concat([decipher.update(from(text)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
