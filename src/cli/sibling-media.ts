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
  const replacements: { from: number; to: number; id: string }[] = []

  const walk = (node: unknown, path: string[]): void => {
    if (isSeq(node)) for (const [i, item] of node.items.entries()) walk(item, [...path, String(i)])
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const kind = path.at(-1) ?? ''
      const text = isScalar(value) ? textOf(value) : null
      if (isScalar(value) && text !== null) addMedium(value, text, name, kind, [...path, name])
      else walk(value, [...path, name])
    }
  }
  const addMedium = (value: Scalar, text: string, name: string, kind: string, path: string[]): void => {
    if ((name !== 'file' && name !== 'thumb') || isUpload(text)) return
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
      rewrite(id) {
        const [from, end] = value.range ?? [0, 0]
        // The range of a block scalar (|, >) includes the indentation of the next line, which must stay.
        const to = from + source.slice(from, end).trimEnd().length
        const quote = /["']/.exec(source.charAt(from))?.[0] ?? ''
        replacements.push({ from, to, id: `${quote}${id}${quote}` })
      },
    })
  }
  if (doc.errors.length === 0) walk(doc.contents, [])
  return {
    media,
    issues,
    text: () =>
      replacements
        .toSorted((a, b) => b.from - a.from)
        .reduce((text, { from, to, id }) => `${text.slice(0, from)}${id}${text.slice(to)}`, source),
  }
}
