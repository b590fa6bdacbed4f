import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Keeps secrets encrypted at rest: AES-256-GCM under a key derived from ENCRYPTION_KEY. */
export interface Sealer {
  seal(plain: string): string
  /** @throws Error when the text was sealed under another key, or changed */
  open(sealed: string): string
}

const VERSION = 'v1'

export function createSealer(encryptionKey: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', encryptionKey, 'follower-nurture', 'secrets', 32))
  return {
    seal(plain) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return [VERSION, iv, cipher.getAuthTag(), sealed]
        .map((p) => (typeof p === 'string' ? p : p.toString('base64url')))
        .join('.')
    },
    open(sealed) {
      const [version, iv = '', tag = '', text = ''] = sealed.split('.')
      const from = (part: string) => Buffer.from(part, 'base64url')
      try {
        if (version !== VERSION) throw new Error('unknown form')
        const decipher = createDecipheriv('aes-256-gcm', key, from(iv)).setAuthTag(from(tag))
        return Buffer.concat([decipher.update(from(text)), decipher.final()]).toString('utf8')
      } catch {
        throw new Error('a stored secret cannot be opened: ENCRYPTION_KEY is not the one it was sealed with')
      }
    },
  }
}
