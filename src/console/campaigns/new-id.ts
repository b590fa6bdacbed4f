/** Paths of the console below `/campaigns`, which no campaign can have. */
const RESERVED = new Set(['new', 'import'])
const MAX_CHARS = 64

/** Whether an id is the path of another page. */
export const isReservedId = (id: string): boolean => RESERVED.has(id)

/**
 * An id that no campaign has: made from the letters and digits of a name, or from another id where the name has too few.
 * A number is added when it is taken, like `welcome-2`.
 */
export function suggestId(name: string, other: string, taken: ReadonlySet<string>): string {
  const letters = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const own = letters.length >= 3 ? letters : other.replace(/-\d+$/, '')
  const base = own.slice(0, MAX_CHARS - 4).replace(/-+$/, '') || 'campaign'
  const isFree = (id: string) => !taken.has(id) && !isReservedId(id)
  if (isFree(base)) return base
  let number = 2
  while (!isFree(`${base}-${number}`)) number += 1
  return `${base}-${number}`
}
