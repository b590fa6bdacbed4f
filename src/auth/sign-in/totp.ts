import { randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { hashSecret } from '../secrets/secret-hash.ts'

/**
 * The second factor of a person: codes by time (TOTP, RFC 6238, https://www.rfc-editor.org/rfc/rfc6238) from an app, with
 * the parameters that every app knows: SHA-1, six digits, thirty seconds.
 */

const ISSUER = 'FollowerNurture'
const PERIOD_S = 30
/** RFC 4226, section 4, R6: 160 bits. */
const SECRET_BYTES = 20
/** One step before and after: for clocks that differ, and for typing (RFC 6238, section 5.2). */
const WINDOW = 1
const TOTP_CODE = /^\d{6}$/

const RECOVERY_CODE_COUNT = 10
/** Base32 without what is read as something else: no I, L, O, U (https://www.crockford.com/base32.html). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 80 bits: nobody finds one by trying, so that one hash is enough. */
const RECOVERY_LENGTH = 16
const RECOVERY_CODE = new RegExp(`^[${ALPHABET}]{${RECOVERY_LENGTH}}$`)

/** A new secret, as base32. */
export const newTotpSecret = (): string => new Secret({ size: SECRET_BYTES }).base32

const totpOf = (secret: string, label = '') =>
  new TOTP({
    issuer: ISSUER,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_S,
    secret: Secret.fromBase32(secret),
  })

/** What the QR code says: `otpauth://totp/…` (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). */
export const totpUri = (secret: string, name: string): string => totpOf(secret, name).toString()

/** The code of the moment `at` (epoch ms). */
export const totpCode = (secret: string, at: number): string => totpOf(secret).generate({ timestamp: at })

/** The time step that a code is of, around `at` (epoch ms); null when it is of none. Compared in constant time. */
export function timeStepOf(secret: string, code: string, at: number): number | null {
  const totp = totpOf(secret)
  const delta = totp.validate({ token: code, window: WINDOW, timestamp: at })
  return delta === null ? null : totp.counter({ timestamp: at }) + delta
}

/** What was typed as a second factor: digits from the app, or a recovery code; null: neither. */
export function parseCode(typed: string): { kind: 'totp' | 'recovery'; code: string } | null {
  const code = typed.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase()
  if (TOTP_CODE.test(code)) return { kind: 'totp', code }
  const plain = code.replace(/O/g, '0').replace(/[IL]/g, '1')
  return RECOVERY_CODE.test(plain) ? { kind: 'recovery', code: plain } : null
}

/** New recovery codes as they are shown, once. */
export function newRecoveryCodes(): string[] {
  const recoveryCode = () =>
    Array.from({ length: RECOVERY_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return Array.from({ length: RECOVERY_CODE_COUNT }, () => recoveryCode().replace(/.{4}(?=.)/g, '$&-'))
}

/** What the store keeps of a recovery code, however it is typed. */
export const recoveryHash = (code: string): string => hashSecret(code.replace(/-/g, ''))
