/** Places and lines of a text whose lines end with \n. */

export const startOfLine = (source: string, at: number) => source.lastIndexOf('\n', at - 1) + 1
/** Counted from 0. */
export const columnOf = (source: string, at: number) => at - startOfLine(source, at)
/** The place of the \n that ends the line, or the end of the text. */
export function endOfLine(source: string, at: number): number {
  const found = source.indexOf('\n', at)
  return found < 0 ? source.length : found
}
/** The spaces that a line begins with. @param line where it begins */
export function indentOf(source: string, line: number): number {
  return /^ */.exec(source.slice(line))?.[0].length ?? 0
}
export const withNewline = (text: string) => (text.endsWith('\n') ? text : `${text}\n`)

/** Inserts whole lines. */
export function spliceLines(source: string, start: number, end: number, lines: string): string {
  const head = source.slice(0, start)
  return `${head === '' || head.endsWith('\n') ? head : `${head}\n`}${lines}${source.slice(end)}`
}

/** Lines further to the right, or to the left. */
export function shifted(text: string, by: number): string {
  if (by === 0) return text
  const move = (line: string) => {
    if (line.trim() === '') return line
    return by > 0 ? ' '.repeat(by) + line : line.slice(Math.min(-by, indentOf(line, 0)))
  }
  return text.split('\n').map(move).join('\n')
}
