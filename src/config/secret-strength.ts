/**
 * Minimum lengths against guessing. An encryption key can be guessed offline against a copy of the store: 79 µs a guess,
 * without a limit. 32 characters of base64 have 192 bits, 32 hexadecimal digits 128. A token can be guessed against a running
 * program, or against the hash of the attacker's own session.
 */
export const MIN_SECRET_LENGTH = { ENCRYPTION_KEY: 32, ADMIN_TOKEN: 16 } as const
/** Random text has at least this many different characters. */
const MIN_DISTINCT_CHARACTERS = 5
/**
 * The share of distinct groups of three consecutive characters. In random text nearly all are distinct: at least 28 of 30 in
 * 32 hexadecimal digits. In a block that is repeated twice or more, at most half are.
 */
const MIN_DISTINCT_SHARE = 0.6
/**
 * The share of neighbours in an alphabet or a keyboard row. Random hexadecimal digits have a fifth, base64 a twentieth. Of
 * 10^10 random texts of 32 hexadecimal digits one has more than this share.
 */
const MAX_SEQUENTIAL_SHARE = 3 / 4
const ROWS = [
  '0123456789abcdefghijklmnopqrstuvwxyz0',
  '1234567890qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p',
]

export type GuessableSecret = keyof typeof MIN_SECRET_LENGTH

/** Why a secret could be guessed, without showing it; null when it is strong. */
export function weakness(name: GuessableSecret, secret: string): string | null {
  const characters = [...secret.trim()]
  const minimum = MIN_SECRET_LENGTH[name]
  if (characters.length < minimum) return `has ${characters.length} characters, of at least ${minimum}`
  if (new Set(characters).size < MIN_DISTINCT_CHARACTERS) return 'repeats the same few characters'
  return patternWeakness(characters.map((character) => character.toLowerCase()))
}

function patternWeakness(characters: readonly string[]): string | null {
  const groups = characters.slice(2).map((_, at) => characters.slice(at, at + 3).join(''))
  if (new Set(groups).size <= groups.length * MIN_DISTINCT_SHARE) return 'repeats a short text'
  const sequential = characters
    .slice(1)
    .filter((character, at) => areNeighbours(characters[at] ?? '', character))
  return sequential.length > (characters.length - 1) * MAX_SEQUENTIAL_SHARE ? 'is a plain sequence' : null
}

function areNeighbours(previous: string, next: string): boolean {
  const distance = Math.abs((next.codePointAt(0) ?? 0) - (previous.codePointAt(0) ?? 0))
  return distance <= 1 || ROWS.some((row) => row.includes(previous + next) || row.includes(next + previous))
}

/** A sentence when both secrets are equal; null when they differ. A holder of one must not have the other. */
export function sameSecretMessage(encryptionKey: string, adminToken: string): string | null {
  return encryptionKey.trim() === adminToken.trim()
    ? 'ENCRYPTION_KEY and ADMIN_TOKEN are the same: anybody with the token could decrypt the store. Generate a value for each: openssl rand -base64 32.'
    : null
}

const ATTACK: Record<GuessableSecret, string> = {
  ENCRYPTION_KEY: 'in a copy of the store',
  ADMIN_TOKEN: 'over the network',
}
const ADVICE: Record<GuessableSecret, string> = {
  ENCRYPTION_KEY:
    'If a store is encrypted with it already: set ENCRYPTION_KEY to the new key and ENCRYPTION_KEY_PREVIOUS to this one, start, and run nurture key rotate (docs/operate.md, "Change the encryption key").',
  ADMIN_TOKEN: 'It may be changed at any time. A change ends the console sessions that it opened.',
}

/** What is wrong with a secret and what to do, in sentences; null when it is strong. */
export function weaknessMessage(name: GuessableSecret, secret: string): string | null {
  const problem = weakness(name, secret)
  return (
    problem &&
    `${name} ${problem}: it can be guessed ${ATTACK[name]}. Generate one with: openssl rand -base64 32. ${ADVICE[name]}`
  )
}
