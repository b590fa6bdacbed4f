/** Where a cursor stands in a YAML text. */
export interface YamlPlace {
  /** The fields around it from the top, with `[]` for an item of a list: `steps`, `[]`, `send`. */
  path: readonly string[]
  /** Whether a field name stands there, or its value. */
  position: 'key' | 'value'
  /** Where the word begins that is being written. */
  from: number
}

interface Level {
  /** The column of a field or dash of the block style; -1: a flow collection. */
  indent: number
  kind: 'field' | 'item' | '{' | '['
  /** The name of the field; null in a flow map before its colon. */
  key: string | null
}

/** A name at the beginning of a line of the block style, with its colon. */
const BLOCK_KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:[\]{},&*!|>'"%@`-][^#:[\]{},]*?)\s*:(?=\s|$)/
const BLOCK_TEXT = /^[|>][+-]?\d?[+-]?\s*(?:#.*)?$/

/**
 * Finds the place of a cursor from the text before it. It reads unfinished lines, which a parser of YAML refuses, by their
 * indentation. Null: no name and no value can stand there, as in a comment or a quoted text.
 */
export function yamlPlace(before: string): YamlPlace | null {
  const levels: Level[] = []
  const lines = before.split('\n')
  /** Lines of a text of several lines are indented more than this. */
  let textIndent: number | null = null
  let offset = 0
  for (const [i, line] of lines.entries()) {
    const isLast = i === lines.length - 1
    const indent = line.length - line.trimStart().length
    const isBlank = line.trim() === ''
    if (textIndent !== null && (isBlank || indent > textIndent)) {
      if (isLast && !isBlank) return null
      if (!isLast) {
        offset += line.length + 1
        continue
      }
    }
    textIndent = null
    const isFlow = levels.at(-1)?.indent === -1
    if (isLast) return placeInLine(line, offset, levels, isFlow)
    if (!isBlank || isFlow) {
      const end = isFlow ? readFlow(line, 0, levels) : readBlock(line, levels)
      if (BLOCK_TEXT.test(line.slice(end).trim())) textIndent = levels.at(-1)?.indent ?? 0
    }
    offset += line.length + 1
  }
  return null
}

function placeInLine(line: string, offset: number, levels: Level[], isFlow: boolean): YamlPlace | null {
  if (isInComment(line)) return null
  const word = /[\w-]*$/.exec(line)?.[0] ?? ''
  const from = offset + line.length - word.length
  if (isFlow) {
    if (readFlow(line, 0, levels) < 0) return null
    return placeOf(levels, from)
  }
  const rest = readBlock(line, levels)
  if (rest < 0) return null
  const { indent } = levels.at(-1) ?? { indent: -2 }
  if (indent === -1) return placeOf(levels, from)
  const isValue = /:\s+\S*$|:\s*$/.test(line) && rest > 0 && levels.at(-1)?.kind === 'field'
  if (isValue && line.slice(0, rest).trimEnd().endsWith(':'))
    return { ...placeOf(levels, from), position: 'value' }
  // A name that is being written: the levels that are not left of it are over.
  const column = rest + (line.slice(rest).length - line.slice(rest).trimStart().length)
  if (/\s/.test(line.slice(column))) return null
  popTo(levels, column)
  return { path: pathOf(levels), position: 'key', from }
}

/** Reads a line of the block style. @returns the column after its last name or dash; -1: inside a quoted text */
function readBlock(line: string, levels: Level[]): number {
  let at = 0
  for (;;) {
    at += line.slice(at).length - line.slice(at).trimStart().length
    const rest = line.slice(at)
    if (/^-(?=\s|$)/.test(rest)) {
      // The dashes of a list may stand below the first letter of its field.
      popTo(levels, at + 1)
      if (levels.at(-1)?.indent === at && levels.at(-1)?.kind === 'item') levels.pop()
      levels.push({ indent: at, kind: 'item', key: null })
      at += 1
      continue
    }
    const [whole, name] = BLOCK_KEY.exec(rest) ?? []
    if (whole === undefined) break
    popTo(levels, at)
    levels.push({ indent: at, kind: 'field', key: unquoted(name ?? '') })
    at += whole.length
    break
  }
  const value = line.slice(at).trimStart()
  if (!/^["'[{]/.test(value)) return at
  const start = line.length - value.length
  const end = readFlow(line, start, levels)
  return end < 0 ? -1 : at
}

/** Reads brackets, commas, colons and quotes. @returns -1 when the line ends inside a quoted text */
function readFlow(line: string, start: number, levels: Level[]): number {
  let wordFrom = start
  for (let i = start; i < line.length; i++) {
    const char = line[i] ?? ''
    const top = levels.at(-1)
    if (char === '"' || char === "'") {
      const end = endOfQuoted(line, i)
      if (end < 0) return -1
      i = end
    } else if (char === '#' && (i === 0 || /\s/.test(line[i - 1] ?? ''))) break
    else if (char === '{' || char === '[') {
      levels.push({ indent: -1, kind: char, key: null })
      wordFrom = i + 1
    } else if (char === '}' || char === ']') {
      if (top?.indent === -1) levels.pop()
    } else if (char === ',') {
      if (top?.kind === '{') top.key = null
      wordFrom = i + 1
    } else if (char === ':' && top?.kind === '{' && /[\s"]|^$/.test(line[i + 1] ?? '')) {
      top.key = unquoted(line.slice(wordFrom, i).trim())
      wordFrom = i + 1
    }
  }
  return line.length
}

function placeOf(levels: readonly Level[], from: number): YamlPlace {
  const top = levels.at(-1)
  const isKey = top?.kind === '{' && top.key === null
  return { path: pathOf(levels), position: isKey ? 'key' : 'value', from }
}

function pathOf(levels: readonly Level[]): string[] {
  return levels.flatMap(({ kind, key }) =>
    kind === 'item' || kind === '[' ? ['[]'] : key === null ? [] : [key],
  )
}

function popTo(levels: Level[], column: number): void {
  while ((levels.at(-1)?.indent ?? -2) >= column || levels.at(-1)?.indent === -1) levels.pop()
}

function endOfQuoted(line: string, start: number): number {
  const quote = line[start]
  for (let i = start + 1; i < line.length; i++) {
    if (quote === '"' && line[i] === '\\') i += 1
    else if (line[i] === quote) {
      if (quote === "'" && line[i + 1] === "'") i += 1
      else return i
    }
  }
  return -1
}

const unquoted = (name: string) => name.replace(/^(["'])(.*)\1$/, '$2')

/** A `#` after a space that is in no quotes. */
function isInComment(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"' || line[i] === "'") {
      const end = /[\s:[{,(-]/.test(line[i - 1] ?? ' ') ? endOfQuoted(line, i) : i
      if (end < 0) return false
      i = end
    } else if (line[i] === '#' && (i === 0 || /\s/.test(line[i - 1] ?? ''))) return true
  }
  return false
}
