import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type DerivedKey, deriveKeyring } from './keyring.ts'

/** A stored secret cannot be opened with the keys of this process. */
export class SealError extends Error {
  override name = 'SealError'
}

/** Keeps secrets encrypted at rest: AES-256-GCM under a key derived from ENCRYPTION_KEY. */
export interface Sealer {
  seal(plain: string): string
  /** @throws SealError when the text was sealed under a key that is not there, or changed */
  open(sealed: string): string
  /** What every text sealed by now begins with; one that begins otherwise was sealed under another key. */
  currentPrefix: string
  /** The ids of the keys that are there, the current one first. */
  keyIds: readonly [string, ...string[]]
}

/** `v2.keyId.iv.tag.text`, all base64url. */
const FORMAT = 'v2'

/** @param previous keys whose texts still open; nothing is sealed under them */
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
        'a stored secret cannot be opened: it was sealed with a key that is neither in ENCRYPTION_KEY nor in ENCRYPTION_KEY_PREVIOUS',
      )
    },
  }
}

/** Null when the key is another one, or the text was changed. */
function decrypt(key: DerivedKey, [iv = '', tag = '', text = '']: readonly string[]): string | null {
  const from = (part: string) => Buffer.from(part, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, from(iv)).setAuthTag(from(tag))
    return Buffer.concat([decipher.update(from(text)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
