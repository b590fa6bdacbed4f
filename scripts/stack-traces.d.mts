/** Makes stack traces name lines of the sources. `folder`: the URL of the compiled files, with a slash at its end. */
export function nameSourceLines(folder: string): void

/** The place in the sources of a place in a compiled file; lines and columns count from 0. Null when nothing of a source is there. */
export function sourcePlace(
  map: { mappings: string; sources: string[] },
  line: number,
  column: number,
): { source: string; line: number; column: number } | null
