import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { isMap, isScalar, isSeq, parseDocument, type Scalar } from 'yaml'
import { isUpload } from '../campaign/message.ts'
import { userPath } from './files.ts'

/** A medium that a campaign file names by a file beside it. */
export interface SiblingMedium {
  /** Like `steps.1.send.image.file`. */
  path: string
  name: string
  type: 'image' | 'voice' | 'video' | 'thumb'
  content: Buffer
  /** Puts the id of the uploaded medium where the name stands. */
  rewrite(id: string): void
}

/**
 * Finds the media that a campaign file names by files beside it; ids of uploads and of WeChat are left alone. `text()`
 * is the file with the rewritten names, comments and order kept.
 */
export function siblingMedia(file: string, source: string): { media: SiblingMedium[]; text(): string } {
  const folder = dirname(userPath(file))
  const doc = parseDocument(source, { version: '1.2' })
  const media: SiblingMedium[] = []
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
    if (!existsSync(at) || !statSync(at).isFile()) return
    media.push({
      path: path.join('.'),
      name: basename(at),
      type: name === 'thumb' ? 'thumb' : (kind as SiblingMedium['type']),
      content: readFileSync(at),
      rewrite(id) {
        value.value = id
        rewritten = true
      },
    })
  }
  if (doc.errors.length === 0) visit(doc.contents, [])
  return { media, text: () => (rewritten ? doc.toString() : source) }
}
