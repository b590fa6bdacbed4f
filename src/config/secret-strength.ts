/**
 * From how many characters on a secret cannot be found by trying. An encryption key is tried offline: 79 µs a try against
 * a copy of the store, and no limit. 32 characters of base64 are 192 bits, of hexadecimal digits 128. A token is tried
 * against a running program, or against the hash of one's own session.
 */
export const MIN_SECRET_LENGTH = { ENCRYPTION_KEY: 32, ADMIN_TOKEN: 16 } as const
/** Fewer are no random text: the same character over and over. */
const MIN_DISTINCT_CHARACTERS = 5
/**
 * Of the groups of three characters that follow each other, at least this share are different in random text: of 30 in 32
 * hexadecimal digits all or all but one or two. A block that fills the secret twice or more has half, or fewer.
 */
const MIN_DISTINCT_SHARE = 0.6
/** Neighbours of an alphabet or of a keyboard's row, at most: in random hexadecimal digits a fifth, in base64 a twentieth. */
const MAX_SEQUENTIAL_SHARE = 2 / 3
const ROWS = [
  '0123456789abcdefghijklmnopqrstuvwxyz0',
  '1234567890qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p',
]

export type GuessableSecret = keyof typeof MIN_SECRET_LENGTH

/** Why a secret could be found by trying, without the secret; null when it could not. */
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

/** That both secrets are one, as a sentence; null when they are two. Who learns one of them must not have the other. */
export function sameSecretMessage(encryptionKey: string, adminToken: string): string | null {
  return encryptionKey.trim() === adminToken.trim()
    ? 'ENCRYPTION_KEY and ADMIN_TOKEN are the same: whoever is given the token could read the store. Make a value for each: openssl rand -base64 32.'
    : null
}

const ATTACK: Record<GuessableSecret, string> = {
  ENCRYPTION_KEY: 'in a copy of the store',
  ADMIN_TOKEN: 'over the network',
}
const ADVICE: Record<GuessableSecret, string> = {
  ENCRYPTION_KEY:
    'Where a store is sealed with it already: put the new key into ENCRYPTION_KEY and this one into ENCRYPTION_KEY_PREVIOUS, start, and run nurture key rotate (docs/operate.md, "Change the encryption key").',
  ADMIN_TOKEN: 'It may be changed at any time; console sessions end with it.',
}

/** What is wrong with a secret and what to do, as a sentence or two; null when it is good. */
export function weaknessMessage(name: GuessableSecret, secret: string): string | null {
  const problem = weakness(name, secret)
  return (
    problem &&
    `${name} ${problem}: it can be found by trying, ${ATTACK[name]}. Make one with: openssl rand -base64 32. ${ADVICE[name]}`
  )
}
