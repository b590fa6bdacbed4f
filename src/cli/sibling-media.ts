import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, type Scalar } from 'yaml'
import type { Issue } from '../campaign/issue.ts'
import { isUpload } from '../campaign/message.ts'
import { parseYaml, textOf } from '../campaign/read-yaml.ts'
import { checkMedia } from '../wechat/rules/media-limits.ts'
import { userPath } from './user-files.ts'

/** A media file that a campaign file names, and that is beside it. */
export interface SiblingMedium {
  name: string
  type: 'image' | 'voice' | 'video' | 'thumb'
  content: Buffer
  /** Replaces the file name in the campaign file with the id of the uploaded medium. */
  rewrite(id: string): void
}

/** A thumb may also be a media_id of WeChat, which has no file extension. */
const FILE_NAME = /\.[A-Za-z0-9]{2,4}$/

/**
 * Finds the media files that a campaign file names; ids of uploads and of WeChat are skipped. `issues` has the files that do
 * not exist or that WeChat does not accept. `text()` returns the campaign file with the replaced names. All other characters
 * are unchanged: a YAML writer would turn the keyword 007 into 7.
 */
export function siblingMedia(
  file: string,
  source: string,
): { media: SiblingMedium[]; issues: Issue[]; text(): string } {
  const folder = dirname(userPath(file))
  const lines = new LineCounter()
  const doc = parseYaml(source, lines)
  const media: SiblingMedium[] = []
  const issues: Issue[] = []
  const replacements: Replacement[] = []

  const addMedium = ({ value, text, name, kind, path }: MediaField): void => {
    if (isUpload(text)) return
    const at = resolve(folder, text)
    const addIssue = (message: string) => {
      const { line, col: column } = lines.linePos(value.range?.[0] ?? 0)
      issues.push({ path: path.join('.'), message, line, column })
    }
    if (!existsSync(at) || !statSync(at).isFile()) {
      if (name === 'file' || FILE_NAME.test(text)) addIssue(`there is no file ${text} beside the campaign`)
      return
    }
    const type = name === 'thumb' ? 'thumb' : (kind as SiblingMedium['type'])
    const content = readFileSync(at)
    const checked = checkMedia(content, type)
    if (!checked.ok) addIssue(checked.message)
    media.push({
      name: basename(at),
      type,
      content,
      rewrite: (id) => void replacements.push(replaceValue(source, value, id)),
    })
  }
  if (doc.errors.length === 0) for (const field of mediaFields(doc.contents)) addMedium(field)
  return { media, issues, text: () => withReplacements(source, replacements) }
}

/** A part of a campaign file with its new text. */
export interface Replacement {
  from: number
  to: number
  id: string
}

/** Replaces parts that do not overlap, in any order. Their places are those in `source`. */
export function withReplacements(source: string, replacements: readonly Replacement[]): string {
  return replacements
    .toSorted((a, b) => b.from - a.from)
    .reduce((text, { from, to, id }) => `${text.slice(0, from)}${id}${text.slice(to)}`, source)
}

/** The part of a file that a value has, and its replacement in the same quotes. */
export function replaceValue(source: string, value: Scalar, text: string): Replacement {
  const [from, end] = value.range ?? [0, 0]
  // The range of a block scalar (|, >) includes the indentation of the next line, which must stay.
  const to = from + source.slice(from, end).trimEnd().length
  const quote = /["']/.exec(source.charAt(from))?.[0] ?? ''
  return { from, to, id: `${quote}${text}${quote}` }
}

/** A field `file` or `thumb` of a campaign file. */
export interface MediaField {
  value: Scalar
  text: string
  name: 'file' | 'thumb'
  /** The field around it, like `image`. */
  kind: string
  path: string[]
}

/** All fields of a parsed campaign file that name a medium. */
export function mediaFields(node: unknown, path: string[] = []): MediaField[] {
  if (isSeq(node)) return node.items.flatMap((item, i) => mediaFields(item, [...path, String(i)]))
  if (!isMap(node)) return []
  return node.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : ''
    const text = isScalar(value) ? textOf(value) : null
    if (!isScalar(value) || text === null) return mediaFields(value, [...path, name])
    if (name !== 'file' && name !== 'thumb') return []
    return [{ value, text, name, kind: path.at(-1) ?? '', path: [...path, name] }]
  })
}
