/**
 * The name `__proto__`. An object of JavaScript takes a value that is set by this name as its prototype, so schemas and copies
 * leave such a field out without a word. Input that has it is refused.
 */

/** Field names of this name, where they are written in JSON. It can hide behind `\u` escapes. */
export const MAYBE_RESERVED = /__proto__|\\u/i

/** Why a field cannot have this name; null when it can. */
export function reservedNameProblem(name: string): string | null {
  return name === '__proto__' ? 'the name __proto__ is reserved: choose another name' : null
}

/** Paths of the fields of parsed JSON whose names are reserved. */
export function reservedPaths(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...path, name]
    return reservedNameProblem(name) === null ? reservedPaths(inner, at) : [at.join('.')]
  })
}
