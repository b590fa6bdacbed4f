/** A menu button in WeChat's shape. */
export interface SimButton {
  name: string
  type?: string
  key?: string
  url?: string
  sub_button?: SimButton[]
}

/** A file at WeChat. `expiresAt`: real time, epoch ms. Without `content`, only its id is known. */
export interface StoredMedium {
  type: string
  expiresAt: number
  content?: Uint8Array
  fileName?: string
  contentType?: string
}

/** A conditional menu (个性化菜单). */
export interface ConditionalMenu {
  menuid: number
  button: SimButton[]
  matchrule: Record<string, unknown>
}

/** Permanent material (永久素材). `updatedAt`: s. */
export interface StoredMaterial extends Omit<StoredMedium, 'expiresAt'> {
  id: string
  name: string
  updatedAt: number
  url: string
  /** Videos only. */
  title?: string
  introduction?: string
}

type Article = Record<string, unknown>

/** A draft or a published article group. `at`: s. */
export interface StoredArticles {
  id: string
  articles: Article[]
  at: number
}

/** One line of the agents' chat records. `time`: s; `opercode` 2002: the agent wrote it, 2003: the follower did. */
interface AgentRecord {
  msgid: number
  openid: string
  opercode: 2002 | 2003
  text: string
  time: number
  worker: string
}

/** Data of an account's API beside followers, QR codes, tags and the menu. */
export interface AccountRecords {
  blacklist: string[]
  conditionalMenus: ConditionalMenu[]
  materials: StoredMaterial[]
  drafts: StoredArticles[]
  published: (StoredArticles & { publishId: number })[]
  agentRecords: AgentRecord[]
  tickets: Map<string, { value: string; expiresAt: number }>
  /** Options that a platform may set: `location_report` and others. */
  options: Record<string, string>
}

export function newRecords(): AccountRecords {
  return {
    blacklist: [],
    conditionalMenus: [],
    materials: [],
    drafts: [],
    published: [],
    agentRecords: [],
    tickets: new Map(),
    options: { location_report: '0', voice_recognize: '1', customer_service: '1' },
  }
}

/** The part of the records that the state file keeps. Files are not kept, nor data that refers to files. */
export type SavedRecords = Pick<AccountRecords, 'blacklist' | 'conditionalMenus' | 'options'>

export function savedRecords({ blacklist, conditionalMenus, options }: AccountRecords): SavedRecords {
  return { blacklist, conditionalMenus, options }
}
