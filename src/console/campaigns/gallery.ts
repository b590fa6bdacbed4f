import { readdirSync, readFileSync } from 'node:fs'
import { headText } from '../../campaign/edit-head.ts'
import { messagesOf, repliesOf, stepsOf } from '../../campaign/items.ts'
import { campaignSchema } from '../../campaign/model.ts'
import { readYaml } from '../../campaign/read-yaml.ts'
import { typeOfField } from '../../campaign/typed-fields.ts'
import { EMPTY_FILE_NAME, GALLERY_TEXTS, type GalleryName } from '../texts/gallery-texts.ts'

/** A file that a campaign can begin with. */
export interface GalleryEntry {
  /** The name of the file, without its ending. */
  file: GalleryName
  /** The id and the name in the file. */
  id: string
  name: string
  source: string
  messages: number
  replies: number
}

const FOLDER = new URL('../../../campaigns/', import.meta.url)
let known: readonly GalleryEntry[] | undefined

/** The example files of `campaigns/`, in the order of their texts. Read once. */
export function readGallery(): readonly GalleryEntry[] {
  known ??= Object.keys(GALLERY_TEXTS.zh).flatMap((file) => readEntry(file as GalleryName))
  return known
}

/** The names of the files that can be in the gallery. */
export function exampleFiles(): string[] {
  return readdirSync(FOLDER).flatMap((name) =>
    name.endsWith('.yaml') ? [name.slice(0, -'.yaml'.length)] : [],
  )
}

/** A text that a new campaign begins with; null: there is no such file. */
export function sourceOfExample(file: string): string | null {
  if (file === EMPTY_FILE_NAME) return EMPTY_CAMPAIGN
  return readGallery().find((entry) => entry.file === file)?.source ?? null
}

function readEntry(file: GalleryName): GalleryEntry[] {
  const source = readFileSync(new URL(`${file}.yaml`, FOLDER), 'utf8')
  // Without the check, which plays each campaign and would take a second for all: tests check these files.
  const { data: campaign } = campaignSchema.safeParse(readYaml(source, typeOfField).value)
  if (!campaign) return []
  const messages = stepsOf(campaign).flatMap(messagesOf).length
  const replies = repliesOf(campaign).length
  return [{ file, id: headText(source, 'id') ?? file, name: campaign.name, source, messages, replies }]
}

/** A follow, an answer within the minute that asks for a reply, and what the reply gets. */
const EMPTY_CAMPAIGN = `id: campaign
name: 新活动
entry: { event: subscribe }
reply: { text: "欢迎关注 {{ account.name }}！回复 1 领取资料。" }
steps:
  - { id: first, after: 0s, since: reply, send: { text: 这里写粉丝回复后收到的内容。 } }
`
