import { enteredBy, enteredByTags } from '../campaign/live-events.ts'
import {
  activeRun,
  type DispatchContext,
  type KnownRun,
  reentryAllows,
} from '../dispatch/dispatch-context.ts'
import { planDispatch } from '../dispatch/plan-dispatch.ts'
import { correctedTime, type Interaction } from '../run/plan.ts'
import { applyAgentSession, applyInteraction, applyTold, applyUnsubscribe } from '../run/run-events.ts'
import { mergeFacts } from '../shared/facts.ts'
import { dedupeKeyOf } from '../store/inbox/accept-request.ts'
import type { DispatchedRequest, InboxEvent, InboxRequest } from '../store/inbox/inbox-event.ts'
import { type InboxRow, UNDISPATCHED_COLUMNS } from '../store/inbox/inbox-rows.ts'
import type { RecordedEvent, RecordedRun } from '../store/inbox/recorded-events.ts'
import type { KnownEntries } from '../store/runs/entries.ts'
import { type FollowerRow, newFollowerRow } from '../store/runs/follower-rows.ts'
import type { DryRunPlan } from './dry-run-plan.ts'
import { ReplayedRun, type StepEffect } from './replayed-run.ts'
import { replyTo } from './replies.ts'

/** What the store knows of a follower. */
export interface RecordedFollower {
  openId: string
  row: FollowerRow | null
  /** Newest first. */
  runs: readonly RecordedRun[]
  /** Entries of runs that are anonymous by now. */
  entries: KnownEntries
  events: readonly RecordedEvent[]
}

/** What a dry run found for one follower. */
export interface Replayed {
  runs: ReplayedRun[]
  /** The keys of the counted runs that reached their goal. */
  goals: Set<string>
  /** Why an event that fits the campaign began no run. */
  notBegun: string[]
  /** The passive replies of the campaign, by their path in the file. */
  replies: string[]
  texts: { kept: number; notKept: number }
  events: number
}

/**
 * Plays the recorded events of one follower, in the order in which they were dispatched. Runs that began before the period
 * are those of the store; all later ones are played.
 */
export function replayFollower(plan: DryRunPlan, follower: RecordedFollower): Replayed {
  return new FollowerReplay(plan, follower).play()
}

type Arriving = Pick<RecordedEvent, 'id' | 'dedupeKey' | 'kind' | 'createTime'> & {
  dispatchedAt: number
  event: InboxEvent
}

class FollowerReplay {
  readonly #plan: DryRunPlan
  readonly #recorded: RecordedFollower
  readonly #before: readonly RecordedRun[]
  readonly #played: ReplayedRun[] = []
  readonly #found: Replayed = {
    runs: [],
    goals: new Set(),
    notBegun: [],
    replies: [],
    texts: { kept: 0, notKept: 0 },
    events: 0,
  }
  #follower: FollowerRow | null
  /** Entries that steps of played runs asked for. */
  #asked: Arriving[] = []
  #isErased = false

  constructor(plan: DryRunPlan, recorded: RecordedFollower) {
    this.#plan = plan
    this.#recorded = recorded
    this.#before = recorded.runs.filter(({ entry }) => correctedTime(entry) < plan.from)
    this.#follower = followerBefore(plan, recorded, this.#before)
  }

  play(): Replayed {
    const { until } = this.#plan
    const inOrder = this.#recorded.events.toSorted(
      (a, b) => a.dispatchedAt - b.dispatchedAt || a.createTime - b.createTime || a.id - b.id,
    )
    for (const recorded of inOrder) {
      if (this.#isErased) break
      this.#count(recorded)
      if (!this.#isOfPlayedRun(recorded.event.request)) this.#receive(this.#arriving(recorded))
    }
    this.#playTo(until)
    const { campaign, from, to } = this.#plan
    const counted = this.#played.filter(({ entry, plan }) => {
      const at = correctedTime(entry)
      return plan.campaign === campaign.id && at >= from && at < to
    })
    return { ...this.#found, runs: counted }
  }

  #count({ kind, text, createTime, event }: RecordedEvent): void {
    if (!this.#isCounted(createTime + (event.aheadMs ?? 0))) return
    this.#found.events += 1
    if (kind === 'text' && event.scene !== undefined)
      this.#found.texts[text === null ? 'notKept' : 'kept'] += 1
  }

  #isCounted(at: number): boolean {
    return at >= this.#plan.from && at < this.#plan.to
  }

  /** The facts and entries of a step that is played do not come from the recording. */
  #isOfPlayedRun(request: DispatchedRequest | undefined): boolean {
    const runKey =
      request?.type === 'fact' ? request.by : request?.type === 'enter' ? request.after : undefined
    return runKey !== undefined && !this.#before.some((run) => run.runKey === runKey)
  }

  #arriving({ event: kept, text, ...row }: RecordedEvent): Arriving {
    const { scene = null, qrScene = null, eventKey = null, aheadMs } = kept
    const about = { kind: row.kind, scene, text, qrScene, eventKey }
    const request = kept.request && this.#requestOf(kept.request)
    const event: InboxEvent = {
      ...about,
      start: null,
      ...(aheadMs === undefined ? {} : { aheadMs }),
      ...(request ? { request } : {}),
    }
    return { ...row, event: { ...event, start: this.#startOf(row.createTime, event, kept.start ?? null) } }
  }

  /** A recorded request with the follower's present values of its facts. */
  #requestOf(request: DispatchedRequest): InboxRequest {
    if (request.type !== 'fact' && request.type !== 'enter') return request
    const { names = [], ...rest } = request
    const own = this.#recorded.row?.own ?? {}
    const facts = Object.fromEntries(
      names.flatMap((name) => (Object.hasOwn(own, name) ? [[name, own[name] ?? '']] : [])),
    )
    return { ...rest, facts }
  }

  /** The campaign that the event would begin now. Before the period nothing begins: those runs are known. */
  #startOf(createTime: number, event: InboxEvent, recorded: InboxEvent['start']): InboxEvent['start'] {
    const { account, matcher, from, versionOf } = this.#plan
    if (createTime + (event.aheadMs ?? 0) < from) return null
    const { request } = event
    if (request?.type === 'tag') return enteredByTags(matcher, account.appId, request.tags)?.start ?? null
    if (request) {
      const version = recorded && versionOf(recorded.campaign)
      return version === null || !recorded ? null : { ...recorded, version }
    }
    return enteredBy(matcher, account.appId, event)?.start ?? null
  }

  #receive(arriving: Arriving): void {
    const at = correctedTime({ at: arriving.createTime, ...aheadOf(arriving.event) })
    this.#playTo(Math.max(at, arriving.dispatchedAt))
    this.#dispatch(arriving, Math.max(at, arriving.dispatchedAt))
  }

  /** Plays the active run, and the runs that its steps begin. */
  #playTo(until: number): void {
    for (;;) {
      this.#newest()?.playTo(until)
      const asked = this.#asked.shift()
      if (!asked) return
      this.#dispatch(asked, asked.dispatchedAt)
    }
  }

  #newest(): ReplayedRun | null {
    return this.#played.at(-1) ?? null
  }

  #dispatch(arriving: Arriving, now: number): void {
    const context = this.#contextOf(arriving, now)
    const { patch, action, goals = [] } = planDispatch(context)
    const isCounted = this.#isCounted(now)
    if (isCounted) {
      const begins = action.do === 'start'
      const reply = replyTo(this.#plan, arriving.event, { begins, patch, follower: this.#follower })
      if (reply !== null) this.#found.replies.push(reply)
      const reason = begins ? null : notBegun(context, action)
      if (reason !== null && context.matched?.plan.campaign === this.#plan.campaign.id)
        this.#found.notBegun.push(reason)
    }
    for (const { runKey } of goals) this.#found.goals.add(runKey)
    if (Object.keys(patch).length > 0)
      this.#follower = { ...(this.#follower ?? newFollowerRow(this.#key)), ...patch } as FollowerRow
    this.#perform(action, now)
  }

  get #key() {
    return { appId: this.#plan.account.appId, openId: this.#recorded.openId }
  }

  #contextOf(
    { id, dedupeKey, kind, createTime, dispatchedAt, event }: Arriving,
    now: number,
  ): DispatchContext {
    const row: InboxRow = {
      ...UNDISPATCHED_COLUMNS,
      ...this.#key,
      id,
      dedupeKey,
      kind,
      createTime,
      receivedAt: dispatchedAt,
      event,
      reply: null,
    }
    const { words } = this.#plan
    const { rules } = this.#plan.account
    const matched = event.start ? this.#plan.matched(event.start.campaign, createTime) : null
    return {
      row,
      follower: this.#follower,
      runs: this.#knownRuns(now),
      entries: this.#recorded.entries,
      rules,
      matched,
      words,
    }
  }

  /** Newest first. */
  #knownRuns(now: number): KnownRun[] {
    const played = this.#played.map(({ state, plan, entry }): KnownRun => {
      const { status, outcome, endedAt } = state
      return { runKey: entry.key, campaign: plan.campaign, status, entry, outcome, endedAt, plan, state }
    })
    const before = this.#before.map(({ endedAt, outcome, ...run }): KnownRun => {
      const hasEnded = endedAt !== null && endedAt <= now
      const state = { seenEventKeys: [], revision: 1, ledger: [] }
      const known = hasEnded ? { status: 'ended' as const, outcome, endedAt } : { status: 'active' as const }
      return { ...run, state, outcome: null, endedAt: null, ...known }
    })
    return [...played.reverse(), ...before]
  }

  #perform(action: ReturnType<typeof planDispatch>['action'], now: number): void {
    const run = this.#newest()
    switch (action.do) {
      case 'start':
        this.#start(action.event, action.ledger, action.agent, now)
        break
      case 'interact':
        // It belongs to the newest run: a played one, or one of the store.
        run?.apply((plan, state) => applyInteraction(plan, state, action.event))
        break
      case 'unsubscribe':
        run?.apply((_, state) => applyUnsubscribe(state, action.event))
        break
      case 'agent':
        run?.apply((plan, state) => applyAgentSession(plan, state, action.change))
        break
      case 'tell':
        run?.apply((plan, state) => applyTold(plan, state, action.told))
        break
      case 'erase':
        this.#isErased = true
        break
      case 'nothing':
      case 'retry':
        break
      default:
        action satisfies never
    }
  }

  #start(
    event: Interaction,
    ledger: ConstructorParameters<typeof ReplayedRun>[1],
    agent: Parameters<typeof applyAgentSession>[2] | null,
    now: number,
  ): void {
    const { start, replaces } = event
    if (!start) return
    if (replaces !== undefined) this.#newest()?.replace(start.plan.campaign)
    const run = new ReplayedRun(start, ledger, now, {
      attributes: () => this.#attributes(),
      onEffect: (effect) => this.#effect(run, effect),
    })
    run.apply((plan, state) => applyInteraction(plan, state, event))
    if (agent) run.apply((plan, state) => applyAgentSession(plan, state, agent))
    this.#played.push(run)
    run.playTo(now)
  }

  /** Facts that a step sets are the follower's. `go` begins a run after this one has ended. */
  #effect({ entry, plan }: ReplayedRun, { set, go, step, at }: StepEffect): void {
    if (set && this.#follower) {
      const own = mergeFacts(this.#follower.own, set)
      if (own) this.#follower = { ...this.#follower, own }
    }
    const version = go === undefined ? null : this.#plan.versionOf(go)
    if (go === undefined || version === null) return
    const none = { kind: 'enter', scene: null, text: null, qrScene: null, eventKey: null }
    const request = { type: 'enter', facts: {}, after: entry.key } as const
    const start = { campaign: go, version, event: 'api' as const }
    this.#asked.push({
      id: entry.seq + plan.steps.length,
      dedupeKey: dedupeKeyOf('enter', `${entry.key}/${step}/go`),
      kind: 'enter',
      createTime: at,
      dispatchedAt: at,
      event: { ...none, start, request },
    })
  }

  #attributes() {
    const { tags, subscribeScene, qrScene } = this.#recorded.row?.attributes ?? {
      tags: [],
      subscribeScene: '',
      qrScene: '',
    }
    return { tags, subscribeScene, qrScene }
  }
}

const aheadOf = ({ aheadMs }: Pick<InboxEvent, 'aheadMs'>) => (aheadMs === undefined ? {} : { aheadMs })

/** Why an event that fits a campaign begins no run; null when it fits none. */
function notBegun(
  context: DispatchContext,
  action: ReturnType<typeof planDispatch>['action'],
): string | null {
  const { matched, row, follower } = context
  if (!matched) return null
  // A request has its own result.
  if (row.event?.request && action.do === 'nothing') return action.result
  if (activeRun(context)) return 'busy'
  if (follower?.optedOutAt != null) return 'opted-out'
  return reentryAllows(context, matched, { at: row.createTime, seq: row.id }) ? 'other' : 'reentry'
}

/** What was known of the follower before the recorded events, as far as it can be told from the present row. */
function followerBefore(
  plan: DryRunPlan,
  { openId, row, events }: RecordedFollower,
  before: readonly RecordedRun[],
): FollowerRow | null {
  if (!row) return null
  const since = Math.min(plan.from, ...events.map(({ createTime }) => createTime))
  const old = (at: number | null) => (at !== null && at < since ? at : null)
  const changed = new Set(
    events.flatMap(({ event: { request } }) =>
      request?.type === 'fact' || request?.type === 'enter' ? (request.names ?? []) : [],
    ),
  )
  const [newest] = before
  return {
    ...newFollowerRow({ appId: plan.account.appId, openId }),
    followedAt: old(row.followedAt),
    followedSeq: old(row.followedAt) === null ? null : row.followedSeq,
    unfollowedAt: old(row.unfollowedAt),
    unfollowedSeq: old(row.unfollowedAt) === null ? null : row.unfollowedSeq,
    optedOutAt: old(row.optedOutAt),
    resumedAt: old(row.resumedAt),
    agent: old(row.agentAt) !== null && row.agent,
    agentAt: old(row.agentAt),
    agentSeq: old(row.agentAt) === null ? null : row.agentSeq,
    grants: row.grants.filter(({ grantedAt }) => grantedAt < since),
    lastInteractionAt: old(row.lastInteractionAt) ?? (newest ? correctedTime(newest.entry) : null),
    attributes: row.attributes,
    attributesAt: row.attributesAt,
    own: Object.fromEntries(Object.entries(row.own).filter(([name]) => !changed.has(name))),
  }
}
