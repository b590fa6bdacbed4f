/** What a chaos run leaves behind, as plain data: the judge looks at nothing else. Times are epoch ms of one clock. */
export interface Evidence {
  accounts: Record<string, AccountRules>
  actions: FollowerAction[]
  sends: Send[]
  inbox: InboxRecord[]
  runs: RunRecord[]
  faults: FaultRecord[]
  /** Processes that ended although no fault had hit them: a full disk ends a database. */
  crashes: Record<string, number>
  /** When the judge's patience ended: what is open then is stuck. */
  endedAt: number
}

export interface AccountRules {
  profile: 'wechat-2023' | 'classic-48h'
  onUnknown: 'retry' | 'assume-sent'
  steps: StepRule[]
  windowMs: number
}

export interface StepRule {
  id: string
  afterMs: number
  since: 'entry' | 'reply'
  ifLate: 'hold' | 'skip'
  when: 'not-replied' | null
}

type FollowerActionKind = 'follow' | 'unfollow' | 'type' | 'click'

/** Something that a follower did, and how WeChat's push of it went. */
export interface FollowerAction {
  appId: string
  openId: string
  kind: FollowerActionKind
  /** Of the callback; a whole second. No follower acts twice in one. */
  createTime: number
  began: number
  ended: number
  /** WeChat got a valid answer. */
  ok: boolean
  attempts: number
}

/** A request to `custom/send`, as the simulated WeChat judged it. */
export interface Send {
  appId: string
  openId: string
  at: number
  step: string
  /** The run's entry as the message names it, epoch ms. */
  entryAt: number
  /** null: it was not answered at all. */
  errcode: number | null
  delivered: boolean
  /** The product could not know what became of it: no answer, a broken one, or one that came too late. */
  unclear: boolean
}

export interface InboxRecord {
  appId: string
  openId: string
  kind: string
  createTime: number
  dispatched: boolean
}

export interface RunRecord {
  appId: string
  openId: string
  entryAt: number
  status: string
  outcome: string | null
  steps: {
    id: string
    state: string
    dueAt: number | null
    sentAt: number | null
    reason: string | null
    errcode: number | null
  }[]
}

/** One fault; `to` is when all was well again, a restarted process being ready. */
export interface FaultRecord {
  kind: string
  target: string
  from: number
  to: number
}
