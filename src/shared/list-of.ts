/** A list as it is; an empty one for anything else, as in a file with errors. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
