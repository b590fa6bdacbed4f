import { LineCounter } from 'yaml'
import { isUpload } from '../campaign/message.ts'
import { parseYaml } from '../campaign/read-yaml.ts'
import { uploadName } from '../wechat/rules/media-limits.ts'
import { mediaFields, type Replacement, replaceValue, withReplacements } from './sibling-media.ts'

/** A file of an exported campaign. */
export interface ExportedFile {
  name: string
  content: string | Buffer
}

/**
 * A campaign as files: its text, with the names of the media files beside it in place of their ids. `campaign put` makes the
 * same text of them. All other characters are unchanged.
 * @param download returns the content of an uploaded medium
 */
export async function exportFiles(
  id: string,
  source: string,
  download: (mediumId: string) => Promise<Buffer>,
): Promise<ExportedFile[]> {
  const doc = parseYaml(source, new LineCounter())
  const fields = doc.errors.length === 0 ? mediaFields(doc.contents) : []
  const media = new Map<string, ExportedFile>()
  const replacements: Replacement[] = []
  for (const { value, text } of fields) {
    if (!isUpload(text)) continue
    const known = media.get(text) ?? (await mediumFile(text, await download(text)))
    media.set(text, known)
    replacements.push(replaceValue(source, value, known.name))
  }
  const extension = source.trimStart().startsWith('{') ? 'json' : 'yaml'
  const file = { name: `${id}.${extension}`, content: withReplacements(source, replacements) }
  return [file, ...media.values()]
}

/** The name is made of the id, so that two media never have the same one. */
async function mediumFile(mediumId: string, content: Buffer): Promise<ExportedFile> {
  const digits = /[0-9a-f]{64}$/.exec(mediumId)?.[0].slice(0, 16) ?? 'medium'
  const extension = /\.[a-z0-9]{2,4}$/.exec(uploadName(content)?.filename ?? '')?.[0] ?? '.bin'
  return { name: `${digits}${extension}`, content }
}
