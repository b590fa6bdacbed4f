/**
 * From how many characters on a secret cannot be found by trying. An encryption key is tried offline: 79 µs a try against
 * a copy of the store, and no limit. 32 characters of base64 are 192 bits, of hexadecimal digits 128. A token is tried
 * against a running program, or against the hash of one's own session.
 */
export const LEAST_CHARACTERS = { ENCRYPTION_KEY: 32, ADMIN_TOKEN: 16 } as const
/** Fewer are no random text: the same character over and over, a word repeated. */
const LEAST_DIFFERENT = 5

export type GuessableSecret = keyof typeof LEAST_CHARACTERS

/** Why a secret could be found by trying, without the secret; null when it could not. */
export function weakness(name: GuessableSecret, secret: string): string | null {
  const characters = [...secret.trim()]
  const least = LEAST_CHARACTERS[name]
  if (characters.length < least) return `has ${characters.length} characters, of at least ${least}`
  return new Set(characters).size < LEAST_DIFFERENT ? 'repeats the same few characters' : null
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
