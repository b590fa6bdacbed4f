import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml'
import { reservedNameProblem } from '../shared/reserved-names.ts'
import { excerpt, type Issue } from './issue.ts'

/** A parsed file with the place of each field. */
export interface YamlFile {
  /** The content; undefined for an empty file, and for one that cannot be read. */
  value: unknown
  /** Syntax errors, and values whose meaning as a text is ambiguous. */
  issues: Issue[]
  /** Line and column of a path like `steps.1.after`; of a missing field, those of its parent. */
  placeOf(path: string): { line?: number; column?: number }
}

/** Whether a field is a number (or true or false), or a fact, which is one of these or a text. Any other field is a text. */
type TypedFields = (path: readonly string[]) => 'number' | 'fact' | null

/** References are for values that are used twice, not for files that grow when they are expanded. */
export const ALIASES_MAX = 100
export const VALUES_MAX = 100_000
/** Tokens of the lexer: words, marks, line ends and spaces. Parsing one takes up to ten microseconds. */
const TOKENS_MAX = 60_000
/** The parser creates an error with a stack trace for each. */
const BAD_ESCAPES_MAX = 100
/** A campaign has seven levels. */
export const DEPTH_MAX = 30
/** Each error below a field repeats the name of the field. */
const NAME_MAX = 200

/**
 * Reads YAML 1.2 or JSON. A plain scalar of a YAML file is read as its text, without the conversions of YAML: 007 is `007`, 1.0
 * is `1.0`. A plain null or boolean is an issue, with the hint to write quotes. A number of a JSON file stays a number when it
 * has only one spelling; any other number is an issue.
 *
 * Source of what counts as a number, boolean or null: YAML 1.2.2, section 10.3.2 (core schema).
 * @param typeOf the type of a field that is not a text
 */
export function readYaml(source: string, typeOf: TypedFields = () => null): YamlFile {
  const lines = new LineCounter()
  const tooLarge = sizeProblem(source)
  if (tooLarge !== null)
    return { value: undefined, issues: [{ path: '', message: tooLarge }], placeOf: () => ({}) }
  const doc = parseYaml(source, lines)
  const errors = [
    ...doc.errors.map((e) => ({ message: explainYamlError(e.code, e.message), at: e.pos[0] })),
    ...repeatedKeys(doc).map((at) => ({ message: 'Map keys must be unique', at })),
  ]
  if (errors.length > 0) {
    const issues = errors.map(({ message, at }) => ({
      path: '',
      message: `not readable: ${message}`,
      ...position(at, lines),
    }))
    return { value: undefined, issues, placeOf: () => ({}) }
  }
  const placeOf = (path: string) => locate(doc.contents, path, lines)
  const reader = new Reader(doc, lines, typeOf, isJson(source))
  try {
    return { value: reader.read(doc.contents, []), issues: reader.issues, placeOf }
  } catch (err) {
    if (!(err instanceof Unreadable)) throw err
    const at = err.at === undefined ? {} : position(err.at, lines)
    return { value: undefined, issues: [{ path: '', message: err.message, ...at }], placeOf }
  }
}

/** Checks the tokens, which is fast, before the file is parsed, which is slow. @returns null for a file that may be parsed */
export function sizeProblem(source: string): string | null {
  let count = 0
  let depth = 0
  for (const token of new Lexer().lex(source)) {
    if (++count > TOKENS_MAX)
      return `the file has over ${TOKENS_MAX} words and marks: shorten its lists, or split it 文件过大（超过 ${TOKENS_MAX} 个词和符号），请缩短列表或拆分文件`
    if (token === '[' || token === '{') depth++
    if (token === ']' || token === '}') depth--
    if (depth > DEPTH_MAX) return TOO_DEEP
    if (token.startsWith('"') && badEscapes(token) > BAD_ESCAPES_MAX)
      return `the file has over ${BAD_ESCAPES_MAX} escapes that YAML does not know, like \\q: write \\\\ for a backslash 文件中有过多无效的转义，反斜杠请写成 \\\\`
  }
  return null
}

const TOO_DEEP = `the file nests fields more than ${DEPTH_MAX} levels deep: use fewer levels 文件嵌套过深（超过 ${DEPTH_MAX} 层），请减少层级`

const TOO_DEEP_BY_REFERENCE = `references (*name) nest fields more than ${DEPTH_MAX} levels deep: use fewer levels 引用（*name）使字段嵌套过深（超过 ${DEPTH_MAX} 层），请减少层级`

/** Counts invalid escapes in a quoted text. YAML 1.2.2, section 5.7 (escaped characters). */
function badEscapes(quoted: string): number {
  const all = quoted.matchAll(
    /\\(?:x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|["\\/0abtnvfreNLP_\s]|(?<bad>[\s\S]|$))/gi,
  )
  let bad = 0
  for (const { groups } of all) if (groups?.bad !== undefined) bad++
  return bad
}

/**
 * Parses YAML with the options of `readYaml`. Call {@link sizeProblem} first for a text that a person wrote.
 * @param strict default: true, as for a file that is published
 */
export function parseYaml(source: string, lines: LineCounter, { strict = true } = {}): Document.Parsed {
  return withoutStacks(() =>
    parseDocument(source, {
      version: '1.2',
      strict,
      lineCounter: lines,
      prettyErrors: false,
      // The parser compares each key with each other key: thousands would take seconds. See `repeatedKeys`.
      uniqueKeys: false,
      // The parser expands keys that are maps: 500 characters of nested ones would never end.
      stringKeys: true,
    }),
  )
}

/** Not every browser has the limit. */
const TRACED = Error as ErrorConstructor & { stackTraceLimit?: number | undefined }

/** Disables stack traces: the parser creates an error for each problem, and the traces would take most of the time. */
function withoutStacks<T>(work: () => T): T {
  const before = TRACED.stackTraceLimit
  TRACED.stackTraceLimit = 0
  try {
    return work()
  } finally {
    TRACED.stackTraceLimit = before
  }
}

/** The text of a scalar as it is written, also of a number; null for a scalar of another type. */
export function textOf(scalar: Scalar): string | null {
  if (typeof scalar.value === 'string') return scalar.value
  const isNumber = typeof scalar.value === 'number' || typeof scalar.value === 'bigint'
  return isNumber && scalar.source !== undefined ? scalar.source : null
}

/** The whole file cannot be read. */
class Unreadable extends Error {
  override name = 'Unreadable'
  /** Offset in the file; undefined where no single place is the cause. */
  readonly at: number | undefined
  constructor(message: string, at?: number) {
    super(message)
    this.at = at
  }
}

class Reader {
  readonly issues: Issue[] = []
  private aliases = 0
  private values = 0

  private readonly doc: Document.Parsed
  private readonly lines: LineCounter
  private readonly typeOf: TypedFields
  private readonly json: boolean

  constructor(doc: Document.Parsed, lines: LineCounter, typeOf: TypedFields, json: boolean) {
    this.doc = doc
    this.lines = lines
    this.typeOf = typeOf
    this.json = json
  }

  read(node: unknown, path: readonly string[]): unknown {
    if (path.length > DEPTH_MAX) throw new Unreadable(this.aliases > 0 ? TOO_DEEP_BY_REFERENCE : TOO_DEEP)
    if (++this.values > VALUES_MAX)
      throw new Unreadable('the file is too large with its references expanded: use fewer references')
    if (isAlias(node)) {
      if (++this.aliases > ALIASES_MAX)
        throw new Unreadable(`the file has over ${ALIASES_MAX} references (*name): write the values out`)
      const target = node.resolve(this.doc)
      if (target) return this.read(target, path)
      throw new Unreadable(
        `the reference *${node.source} has no anchor above it: write &${node.source} before the value`,
        node.range?.[0],
      )
    }
    if (isMap(node)) {
      return Object.fromEntries(
        node.items.map(({ key, value }) => {
          const name = isScalar(key) ? (key.source ?? String(key.value)) : String(key)
          if (name.length > NAME_MAX)
            throw new Unreadable(
              `a field has a name of over ${NAME_MAX} characters: shorten it`,
              offsetOfKey(key),
            )
          const at = [...path, name]
          const reserved = reservedNameProblem(name)
          if (reserved !== null) return [name, this.refuse(key, at, reserved)]
          if (name === '<<')
            return [name, this.refuse(key, at, 'merge keys (<<) are not supported: write the fields out')]
          return [name, value === null ? this.missing(key, at) : this.read(value, at)]
        }),
      )
    }
    if (isSeq(node)) return node.items.map((item, i) => this.read(item, [...path, String(i)]))
    if (isScalar(node)) return this.scalar(node, path)
    return undefined
  }

  private scalar(node: Scalar, path: readonly string[]): unknown {
    const { value, tag } = node
    const source = node.source ?? ''
    if (tag !== undefined && !TEXT_TAGS.has(tag)) {
      return this.refuse(node, path, `tags such as ${excerpt(tag)} are not supported: write a text in quotes`)
    }
    if (typeof value === 'string') return value
    if (value === null) return source === '' ? this.missing(node, path) : this.refuseAmbiguous(node, path)
    const type = this.typeOf(path)
    if (type === 'number' || (type === 'fact' && hasOneSpelling(value, source))) return value
    if (typeof value === 'boolean') return this.refuseAmbiguous(node, path)
    if (!this.json) return source
    // It has one spelling only, so the schema may read it as a text.
    if (Number.isSafeInteger(value) && String(value) === source) return value
    return this.refuse(
      node,
      path,
      `${excerpt(source)} is a number, not a text: write "${excerpt(source)}" in quotes`,
    )
  }

  /** Refuses null, ~, true and false: the author may have meant the word. */
  private refuseAmbiguous(node: Scalar, path: readonly string[]): undefined {
    const source = excerpt(node.source ?? String(node.value))
    const [means, otherwise] =
      node.value === null ? ['no value', ', or leave the field out'] : ['true or false', '']
    const message = `${source} means ${means} in YAML, not a text: write "${source}" in quotes if you mean the text${otherwise}`
    return this.refuse(node, path, message)
  }

  private missing(node: unknown, path: readonly string[]): undefined {
    // The caller reports an empty file.
    if (path.length === 0) return undefined
    return this.refuse(node, path, 'has no value: write one, or leave the field out')
  }

  private refuse(node: unknown, path: readonly string[], message: string): undefined {
    const start = isNode(node) ? node.range?.[0] : undefined
    const at = start === undefined ? {} : position(start, this.lines)
    this.issues.push({ path: path.join('.'), message, ...at })
    return undefined
  }
}

/** False for a number such as 007 or 1e3, which may be a code that looks like a number. */
function hasOneSpelling(value: unknown, source: string): boolean {
  return typeof value === 'boolean' || String(value) === source
}

/** The tags `!!str` and `!`, which mark a scalar as a text. */
const TEXT_TAGS = new Set(['tag:yaml.org,2002:str', '!'])

/** True for a JSON file. Its numbers are numbers, while an unquoted number in YAML is read as its text. */
function isJson(source: string): boolean {
  if (!/^\s*[{["]/.test(source)) return false
  try {
    JSON.parse(source)
    return true
  } catch {
    return false
  }
}

/** The parser's message, with the remedy where the parser names none. */
export function explainYamlError(code: string, message: string): string {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'there are several documents, separated by ---: write each into its own file'
    case 'TAB_AS_INDENT':
      return 'the line is indented with a tab: YAML accepts spaces only'
    default:
      return message
  }
}

/** The offsets of keys that their map has already. */
export function repeatedKeys(doc: Document.Parsed): number[] {
  const found: number[] = []
  visit(doc, {
    Map(_, map) {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const name = key.source ?? String(key.value)
        if (seen.has(name)) found.push(key.range?.[0] ?? 0)
        seen.add(name)
      }
    },
  })
  return found
}

/** The place of the deepest existing node on a path. */
function locate(root: unknown, path: string, lines: LineCounter): { line?: number; column?: number } {
  let at: unknown = root
  let best: Node | null = isNode(root) ? root : null
  for (const part of path === '' ? [] : path.split('.')) {
    if (isMap(at)) {
      const pair = at.items.find((p) => isScalar(p.key) && (p.key.source ?? String(p.key.value)) === part)
      at = pair?.value
      if (isNode(pair?.value)) best = pair.value
      else if (isNode(pair?.key)) best = pair.key
    } else if (isSeq(at)) {
      at = at.items[Number(part)]
      if (isNode(at)) best = at
    } else break
  }
  const start = best?.range?.[0]
  return start === undefined ? {} : position(start, lines)
}

function isNode(x: unknown): x is Node {
  return isMap(x) || isSeq(x) || isScalar(x) || isAlias(x)
}

function offsetOfKey(key: unknown): number | undefined {
  return isNode(key) ? key.range?.[0] : undefined
}

function position(offset: number, lines: LineCounter): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
