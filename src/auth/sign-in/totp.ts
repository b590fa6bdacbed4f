import { randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { hashSecret } from '../secrets/secret-hash.ts'

/**
 * The second factor: time-based codes of an authenticator app (TOTP, RFC 6238, https://www.rfc-editor.org/rfc/rfc6238). The
 * parameters are those that every app supports: SHA-1, six digits, 30 s.
 */

const ISSUER = 'FollowerNurture'
const PERIOD_S = 30
/** RFC 4226, section 4, R6: 160 bits. */
const SECRET_BYTES = 20
/** Accepts one time step before and after, for clock differences and the time to type (RFC 6238, section 5.2). */
const WINDOW = 1
const TOTP_CODE = /^\d{6}$/

const RECOVERY_CODE_COUNT = 10
/** Crockford's Base32, without the ambiguous I, L, O and U (https://www.crockford.com/base32.html). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 80 bits, which cannot be guessed, so one hash round is enough. */
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

/** The content of the QR code: `otpauth://totp/…` (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). */
export const totpUri = (secret: string, name: string): string => totpOf(secret, name).toString()

/** The code at the time `at` (epoch ms). */
export const totpCode = (secret: string, at: number): string => totpOf(secret).generate({ timestamp: at })

/** The time step of a code, around `at` (epoch ms); null if it is wrong. The comparison takes constant time. */
export function timeStepOf(secret: string, code: string, at: number): number | null {
  const totp = totpOf(secret)
  const delta = totp.validate({ token: code, window: WINDOW, timestamp: at })
  return delta === null ? null : totp.counter({ timestamp: at }) + delta
}

/** Parses a typed second factor: digits of the app, or a recovery code; null: neither. */
export function parseCode(typed: string): { kind: 'totp' | 'recovery'; code: string } | null {
  const code = typed.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase()
  if (TOTP_CODE.test(code)) return { kind: 'totp', code }
  const plain = code.replace(/O/g, '0').replace(/[IL]/g, '1')
  return RECOVERY_CODE.test(plain) ? { kind: 'recovery', code: plain } : null
}

/** New recovery codes, as they are displayed. */
export function newRecoveryCodes(): string[] {
  const recoveryCode = () =>
    Array.from({ length: RECOVERY_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return Array.from({ length: RECOVERY_CODE_COUNT }, () => recoveryCode().replace(/.{4}(?=.)/g, '$&-'))
}

/** The stored hash of a recovery code, with or without hyphens. */
export const recoveryHash = (code: string): string => hashSecret(code.replace(/-/g, ''))
