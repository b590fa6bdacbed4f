import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar } from 'yaml'
import type { Issue } from '../campaign/issue.ts'
import { isUpload } from '../campaign/message.ts'
import { checkMedia } from '../wechat/media-limits.ts'
import { userPath } from './files.ts'

/** A medium that a campaign file names by a file beside it. */
export interface SiblingMedium {
  name: string
  type: 'image' | 'voice' | 'video' | 'thumb'
  content: Buffer
  /** Puts the id of the uploaded medium where the name stands. */
  rewrite(id: string): void
}

/** A thumb may also be one of WeChat's media_ids: those have no file extension. */
const FILE_NAME = /\.[A-Za-z0-9]{2,4}$/

/**
 * Finds the media that a campaign file names by files beside it; ids of uploads and of WeChat are left alone. What is
 * named and not there, or not as WeChat takes it, is among `issues`. `text()` is the file with the rewritten names,
 * comments and order kept.
 */
export function siblingMedia(
  file: string,
  source: string,
): { media: SiblingMedium[]; issues: Issue[]; text(): string } {
  const folder = dirname(userPath(file))
  const lines = new LineCounter()
  const doc = parseDocument(source, { version: '1.2', lineCounter: lines })
  const media: SiblingMedium[] = []
  const issues: Issue[] = []
  let rewritten = false

  const visit = (node: unknown, path: string[]): void => {
    if (isSeq(node)) for (const [i, item] of node.items.entries()) visit(item, [...path, String(i)])
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const kind = path.at(-1) ?? ''
      if (isScalar(value) && typeof value.value === 'string')
        take(value as Scalar<string>, name, kind, [...path, name])
      else visit(value, [...path, name])
    }
  }
  const take = (value: Scalar<string>, name: string, kind: string, path: string[]): void => {
    if ((name !== 'file' && name !== 'thumb') || isUpload(value.value)) return
    const at = resolve(folder, value.value)
    const say = (message: string) => {
      const { line, col: column } = lines.linePos(value.range?.[0] ?? 0)
      issues.push({ path: path.join('.'), message, line, column })
    }
    if (!existsSync(at) || !statSync(at).isFile()) {
      if (name === 'file' || FILE_NAME.test(value.value))
        say(`there is no file ${value.value} beside the campaign`)
      return
    }
    const type = name === 'thumb' ? 'thumb' : (kind as SiblingMedium['type'])
    const content = readFileSync(at)
    const checked = checkMedia(content, type)
    if (!checked.ok) say(checked.message)
    media.push({
      name: basename(at),
      type,
      content,
      rewrite(id) {
        value.value = id
        rewritten = true
      },
    })
  }
  if (doc.errors.length === 0) visit(doc.contents, [])
  return { media, issues, text: () => (rewritten ? doc.toString() : source) }
}
