/** Where a hook finds its fields in the JSON body of a request: paths of names, separated by dots. */
interface HookFields {
  /** The account; needed when the hook serves several. */
  appId?: string | undefined
  openId: string
  /** The id of a campaign to start. */
  campaign?: string | undefined
  /** The sender's own id of the event. A second request with the same id changes nothing. */
  id?: string | undefined
  /** Paths by the names of facts. Absent: the object `facts` of the body. */
  facts?: Readonly<Record<string, string>> | undefined
}

/** What a hook may do, and how it reads the requests of its sender. */
export interface HookSettings {
  /** The accounts whose followers it may change. */
  accounts: readonly string[]
  /** The campaign that each request starts; null: `fields.campaign` names it, or the requests only set facts. */
  campaign: string | null
  fields: HookFields
}
