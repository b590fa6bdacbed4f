/** The evidence of a chaos run as plain data, which is all that the judge uses. Times are epoch ms of one clock. */
export interface Evidence {
  accounts: Record<string, AccountRules>
  actions: FollowerAction[]
  sends: Send[]
  inbox: InboxRecord[]
  runs: RunRecord[]
  /** The fact `paid` of followers, as other systems set it. Absent: none. */
  facts?: FactRecord[]
  /** The product's own statistics, after the runs have ended. Absent: they were not asked for. */
  statistics?: StatisticsRecord[]
  faults: FaultRecord[]
  /** How often each process ended without a kill: a full disk ends a database. */
  crashes: Record<string, number>
  /** When the run stopped waiting for open runs. A run that is open then is stuck. */
  endedAt: number
}

export interface AccountRules {
  profile: 'wechat-2023' | 'classic-48h'
  onUnknown: 'retry' | 'assume-sent'
  /** Of a flat campaign. */
  steps: StepRule[]
  windowMs: number
  /** Of a campaign with forks. */
  ways?: Ways
  /** The most unasked messages to a follower in a period. Absent: any number. */
  cap?: CapRule
  /** WeChat delivers the callbacks of follows so late, ms. Absent: at once. */
  followsLateMs?: number
}

/** A cap of unasked messages. */
export interface CapRule {
  messages: number
  perMs: number
}

/**
 * A campaign with three forks: a question whose wait ends by a word, a tap or in silence, then a share, then a wait for the fact
 * `paid`, and a last step. Values are ids of steps.
 */
export interface Ways {
  campaign: string
  ask: string
  answer: {
    waitMs: number
    meanwhile: string
    /** By the typed word; `tap` is the tap on the menu. */
    branches: Readonly<Record<string, readonly string[]>>
    silent: readonly string[]
  }
  share: { id: string; percent: number; inside: string; outside: string }
  paid: { waitMs: number; yes: string; no: string }
  last: string
}

/** A call of another system. `ended`: when it was accepted, epoch ms; null: it was not. */
export interface FactRecord {
  appId: string
  openId: string
  began: number
  ended: number | null
}

export interface StepRule {
  id: string
  afterMs: number
  since: 'entry' | 'reply'
  ifLate: 'hold' | 'skip'
  when: 'not-replied' | null
  /** It goes over the cap of the account. */
  anytime?: true
}

type FollowerActionKind = 'follow' | 'unfollow' | 'type' | 'click'

/** An action of a follower, and the result of WeChat's push. */
export interface FollowerAction {
  appId: string
  openId: string
  kind: FollowerActionKind
  /** CreateTime of the callback, whole seconds in ms. No follower acts twice within a second. */
  createTime: number
  /** What a `type` says. Absent: something that no campaign waits for. */
  text?: string
  began: number
  ended: number
  /** Whether WeChat received a valid answer. */
  ok: boolean
  attempts: number
}

/** A request to `custom/send`, with the verdict of the simulated WeChat. */
export interface Send {
  appId: string
  openId: string
  at: number
  step: string
  /** The time of the run's entry, which the message contains, epoch ms. */
  entryAt: number
  /** null: the request was not answered. */
  errcode: number | null
  delivered: boolean
  /** Whether the product could not know the result: the answer was missing, malformed or too late. */
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
  version: number
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
    /** The state of the step's delivery, which may know an answer that its run does not know; null: none. */
    delivery: string | null
  }[]
}

/** What the product counts of the campaign of an account, in one version. */
export interface StatisticsRecord {
  appId: string
  /** null: of all versions together. */
  version: number | null
  entered: number
  /** Runs of which only the entry and the outcome are known. */
  uncounted: number
  /** By outcome. */
  ended: Record<string, number>
  steps: { step: string; sent: number; unknown: number }[]
}

/** One fault. `to` is when it was over, with every restarted process ready. */
export interface FaultRecord {
  kind: string
  target: string
  from: number
  to: number
}
