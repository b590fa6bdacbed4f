/**
 * From how many characters on a secret cannot be found by trying. An encryption key is tried offline: 79 µs a try against
 * a copy of the store, and no limit. 32 characters of base64 are 192 bits, of hexadecimal digits 128. A token is tried
 * against a running program, or against the hash of one's own session.
 */
export const LEAST_CHARACTERS = { ENCRYPTION_KEY: 32, ADMIN_TOKEN: 16 } as const
/** Fewer are no random text: the same character over and over. */
const LEAST_DIFFERENT = 5
/**
 * Of the groups of three characters that follow each other, at least this share are different in random text: of 30 in 32
 * hexadecimal digits all or all but one or two. A block that fills the secret twice or more has half, or fewer.
 */
const LEAST_NEW_SHARE = 0.6
/** Neighbours of an alphabet or of a keyboard's row, at most: in random hexadecimal digits a fifth, in base64 a twentieth. */
const MOST_IN_ORDER_SHARE = 2 / 3
const ROWS = [
  '0123456789abcdefghijklmnopqrstuvwxyz0',
  '1234567890qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p',
]

export type GuessableSecret = keyof typeof LEAST_CHARACTERS

/** Why a secret could be found by trying, without the secret; null when it could not. */
export function weakness(name: GuessableSecret, secret: string): string | null {
  const characters = [...secret.trim()]
  const least = LEAST_CHARACTERS[name]
  if (characters.length < least) return `has ${characters.length} characters, of at least ${least}`
  if (new Set(characters).size < LEAST_DIFFERENT) return 'repeats the same few characters'
  return pattern(characters.map((character) => character.toLowerCase()))
}

function pattern(characters: readonly string[]): string | null {
  const groups = characters.slice(2).map((_, at) => characters.slice(at, at + 3).join(''))
  if (new Set(groups).size <= groups.length * LEAST_NEW_SHARE) return 'repeats a short text'
  const inOrder = characters
    .slice(1)
    .filter((character, at) => areNeighbours(characters[at] ?? '', character))
  return inOrder.length > (characters.length - 1) * MOST_IN_ORDER_SHARE ? 'is a plain sequence' : null
}

function areNeighbours(one: string, next: string): boolean {
  const apart = Math.abs((next.codePointAt(0) ?? 0) - (one.codePointAt(0) ?? 0))
  return apart <= 1 || ROWS.some((row) => row.includes(one + next) || row.includes(next + one))
}

/** That both secrets are one, as a sentence; null when they are two. Who learns one of them must not have the other. */
export function samenessTold(encryptionKey: string, adminToken: string): string | null {
  return encryptionKey.trim() === adminToken.trim()
    ? 'ENCRYPTION_KEY and ADMIN_TOKEN are the same: whoever is given the token could read the store. Make a value for each: openssl rand -base64 32.'
    : null
}

const WHERE: Record<GuessableSecret, string> = {
  ENCRYPTION_KEY: 'in a copy of the store',
  ADMIN_TOKEN: 'over the network',
}
const ADVICE: Record<GuessableSecret, string> = {
  ENCRYPTION_KEY:
    'Where a store is sealed with it already: put the new key into ENCRYPTION_KEY and this one into ENCRYPTION_KEY_PREVIOUS, start, and run nurture key rotate (docs/operate.md, "Change the encryption key").',
  ADMIN_TOKEN: 'It may be changed at any time; console sessions end with it.',
}

/** What is wrong with a secret and what to do, as a sentence or two; null when it is good. */
export function weaknessTold(name: GuessableSecret, secret: string): string | null {
  const why = weakness(name, secret)
  return (
    why &&
    `${name} ${why}: it can be found by trying, ${WHERE[name]}. Make one with: openssl rand -base64 32. ${ADVICE[name]}`
  )
}
