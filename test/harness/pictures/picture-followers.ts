import { cohortOf } from '../../../src/campaign/cohort.ts'
import { planForAccount } from '../../../src/campaign/compile.ts'
import { planOfVersion } from '../../../src/campaign/compiled-plan.ts'
import type { Campaign } from '../../../src/campaign/model.ts'
import { type Entry, type Plan, storedPlan } from '../../../src/run/plan.ts'
import { LATENESS_BUCKETS } from '../../../src/shared/metrics.ts'
import { SECOND_MS } from '../../../src/shared/time-units.ts'
import type { Account } from '../../../src/store/accounts/account.ts'
import type { Db } from '../../../src/store/db.ts'
import { snapshotColumns } from '../../../src/store/runs/run-snapshots.ts'
import { deliveries, followers, goals, inbox, runs } from '../../../src/store/schema.ts'
import { type ActivityCount, addActivity, slotOf } from '../../../src/store/statistics/activity-counts.ts'
import type { Random } from '../random.ts'
import type { CampaignLife } from './picture-lives.ts'
import { type LaterEvent, type PlayedRun, playRun } from './played-run.ts'

/** A published version, and since when followers enter it. */
export interface LiveVersion {
  model: Campaign
  version: number
  since: number
}

interface FollowerToPlay {
  openId: string
  account: Pick<Account, 'appId' | 'timezone' | 'quietHours' | 'keepTexts'>
  version: LiveVersion
  entryAt: number
  entry: ReturnType<CampaignLife['entry']>
  later: readonly LaterEvent[]
  /** Nothing of the run happens after it. */
  until: number
}

/** A follower whose run was played, with all rows that it leaves. */
interface PlayedFollower extends FollowerToPlay {
  plan: Plan
  played: PlayedRun
  key: string
  entryEvent: Entry
}

/** The inbox numbers of two followers are this far apart. More than a follower of the pictures does. */
const SEQ_STEP = 20

/** Plays followers, and writes what their runs leave in the store. */
export class PictureFollowers {
  readonly #all: PlayedFollower[] = []
  readonly #random: Random
  readonly #now: number

  constructor(random: Random, now: number) {
    this.#random = random
    this.#now = now
  }

  /** An openId as WeChat makes them. */
  newOpenId(): string {
    return `o${this.#random.bytes(21).toString('base64url').slice(0, 27)}`
  }

  add(follower: FollowerToPlay): void {
    const { account, version, entry, entryAt, later, until } = follower
    const random = this.#random
    const key = random.bytes(24).toString('base64url')
    const entryEvent: Entry = {
      key,
      at: entryAt,
      seq: (this.#all.length + 1) * SEQ_STEP,
      event: entry.event,
      qrScene: entry.qrScene ?? null,
      eventKey: entry.eventKey ?? null,
      text: entry.text ?? null,
    }
    const compiled = planOfVersion(version.model, version.version)
    const plan = planForAccount(version.model, compiled, account, entryAt)
    const known = { seed: random.integerBelow(2 ** 31) }
    const played = playRun({ plan, entry: entryEvent, scene: entry.scene, later, known, until, random })
    this.#all.push({ ...follower, plan, played, key, entryEvent })
  }

  /** Writes all followers, in the order in which they came. */
  async write(db: Db): Promise<void> {
    const all = this.#all.toSorted((a, b) => a.entryAt - b.entryAt)
    await inParts(
      all.map((follower) => this.#runRow(follower)),
      (rows) => db.insert(runs).values(rows),
    )
    await inParts(all.flatMap(deliveryRows(this.#now)), (rows) => db.insert(deliveries).values(rows))
    await inParts(
      all.flatMap((f) => this.#inboxRows(f)).sort((a, b) => a.createTime - b.createTime),
      (rows) => db.insert(inbox).values(rows),
    )
    await inParts(
      all.map((f) => this.#followerRow(f)),
      (rows) => db.insert(followers).values(rows).onConflictDoNothing(),
    )
    await inParts(all.flatMap(goalRows), (rows) => db.insert(goals).values(rows))
    for (const [slot, counts] of activityOf(all)) await addActivity(db, slot, counts)
  }

  #runRow({ account, openId, version, plan, played, key, entryEvent, entryAt, later }: PlayedFollower) {
    const { state } = played
    const { day, scene } = cohortOf(version.model, account.timezone, entryEvent)
    const left = later.find((event) => event.do === 'unfollow')
    const clicks = later.flatMap((event) =>
      event.do === 'click-link' && event.at <= this.#now
        ? [{ step: event.step, link: event.link, at: event.at }]
        : [],
    )
    return {
      runKey: key,
      appId: account.appId,
      openId,
      campaign: plan.campaign,
      version: plan.version,
      entry: state.entry,
      plan: storedPlan(plan),
      startedAt: state.startedAt,
      createdAt: entryAt + 180,
      entryDay: day,
      scenePattern: scene,
      clicks: clicks.length > 0 ? clicks : null,
      unfollowedAt: left && left.at <= this.#now ? left.at : null,
      ...snapshotColumns({ state, runId: null }, this.#now),
      runId: uuidOf(this.#random),
    }
  }

  #inboxRows({ account, openId, version, plan, played, key, entry, entryAt, later }: PlayedFollower) {
    const { event, scene, qrScene, eventKey, text } = entry
    const kinds = { message: 'text', click: 'click', scan: 'scan', subscribe: 'subscribe' } as const
    const keeps = account.keepTexts !== null
    const common = { appId: account.appId, openId, attempts: 1 }
    const row = (
      at: number,
      more: Partial<typeof inbox.$inferInsert> & { kind: string; dedupeKey: string },
    ) => ({
      ...common,
      createTime: at,
      receivedAt: at + 90,
      dispatchedAt: at + 180,
      result: 'interacted',
      ...more,
    })
    const start = { campaign: plan.campaign, version: version.version, event }
    const rows = [
      row(entryAt, {
        kind: kinds[event as keyof typeof kinds] ?? 'subscribe',
        dedupeKey: key,
        result: 'started',
        event: { scene, start, ...(qrScene ? { qrScene } : {}), ...(eventKey ? { eventKey } : {}) } as never,
        keptText: keeps ? (text ?? null) : null,
        reply: passiveReply(version.model),
      }),
    ]
    for (const [i, happened] of later.entries()) {
      if (happened.at > this.#now || happened.at > (played.state.endedAt ?? this.#now) + SECOND_MS) continue
      const dedupeKey = `${key.slice(0, 26)}-${i}`
      if (happened.do === 'message')
        rows.push(
          row(happened.at, {
            kind: 'text',
            dedupeKey,
            event: { scene: 'message' } as never,
            keptText: keeps ? happened.text : null,
          }),
        )
      if (happened.do === 'unfollow')
        rows.push(row(happened.at, { kind: 'unsubscribe', dedupeKey, event: null }))
    }
    return rows
  }

  #followerRow({ account, openId, played, entryAt, entry, later }: PlayedFollower) {
    const { state } = played
    const isNew = entry.event === 'subscribe'
    const left = later.find((event) => event.do === 'unfollow' && event.at <= this.#now)
    const messageGrant = state.ledger.find(({ scene }) => scene === 'message')
    const isOpen = state.status !== 'ended'
    return {
      appId: account.appId,
      openId,
      followedAt: isNew ? entryAt : entryAt - 40 * 86_400_000,
      unfollowedAt: left?.at ?? null,
      optedOutAt: state.outcome === 'opted-out' ? state.endedAt : null,
      paused: state.status === 'paused',
      agent: state.agentSession?.open ?? false,
      grants: state.ledger,
      lastInteractionAt: state.lastInteractionAt,
      messageGrantEndsAt: isOpen ? (messageGrant?.expiresAt ?? null) : null,
      attributes: {
        tags: tagsOf(played),
        subscribeScene: entry.qrScene ? 'ADD_SCENE_QR_CODE' : 'ADD_SCENE_PROFILE_CARD',
        qrScene: entry.qrScene ?? '',
      },
      attributesAt: entryAt,
      updatedAt: this.#now,
    }
  }
}

/** The tags that steps have given. */
function tagsOf({ state }: PlayedRun): string[] {
  const tags: Record<string, string> = {
    guide: '领过手册',
    coupon: '领券',
    booked: '展会讲解',
    thanks: '留过言',
  }
  return state.steps.flatMap(({ id, state: done }) => (done === 'sent' && tags[id] ? [tags[id]] : []))
}

function passiveReply({ reply }: Campaign): { kind: 'text'; content: string } | null {
  if (!reply || !('text' in reply) || typeof reply.text !== 'string') return null
  const content = reply.text.replace('{{ account.name }}', '小鹿读书').replace('{{account.name}}', '小鹿读书')
  return { kind: 'text', content }
}

/** @param now steps that are due until then and are still open were deferred, since their account is stopped */
function deliveryRows(now: number) {
  return ({ account, key, played }: PlayedFollower) => {
    const common = { runKey: key, appId: account.appId }
    const done = played.deliveries.map(({ stepId, state, intentAt, at, reason, errcode }) => ({
      ...common,
      stepId,
      state,
      attempts: 1,
      unclear: state === 'unknown' ? 1 : 0,
      intentAt,
      endedAt: at,
      sentAt: state === 'sent' ? at : null,
      reason,
      errcode,
      updatedAt: at,
    }))
    const isLate = (dueAt: number | null) => dueAt !== null && dueAt < now - 10 * SECOND_MS
    const deferred = played.state.steps.flatMap(({ id, state, dueAt }) =>
      played.state.status === 'active' && state === 'pending' && isLate(dueAt)
        ? [{ ...common, stepId: id, state: 'deferred' as const, reason: 'account-stopped', updatedAt: now }]
        : [],
    )
    return [...done, ...deferred] as (typeof deliveries.$inferInsert)[]
  }
}

function goalRows({ account, key, plan, played }: PlayedFollower) {
  const { goal } = played.state
  if (!goal) return []
  const { at, value, step } = goal
  return [
    {
      runKey: key,
      appId: account.appId,
      campaign: plan.campaign,
      version: plan.version,
      at,
      value,
      stepId: step,
    },
  ]
}

/** What the overview counts, by slot. */
function activityOf(all: readonly PlayedFollower[]): Map<number, ActivityCount[]> {
  const slots = new Map<number, Map<string, ActivityCount>>()
  const add = (at: number, metric: string, label: string) => {
    const slot = slotOf(at)
    const counts = slots.get(slot) ?? new Map<string, ActivityCount>()
    slots.set(slot, counts)
    const key = `${metric} ${label}`
    counts.set(key, { metric, label, n: (counts.get(key)?.n ?? 0) + 1 })
  }
  for (const { played } of all) {
    for (const { at, metric, label } of played.counts) add(at, metric, label)
    for (const { at, ms } of played.lateness)
      add(at, 'late', String(LATENESS_BUCKETS.find((bound) => ms <= bound * SECOND_MS) ?? '+Inf'))
  }
  return new Map([...slots].map(([slot, counts]) => [slot, [...counts.values()]]))
}

function uuidOf(random: Random): string {
  const hex = random.bytes(16).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** A statement may have 65,535 values. */
async function inParts<T>(rows: readonly T[], write: (part: T[]) => Promise<unknown>): Promise<void> {
  const size = 400
  for (let from = 0; from < rows.length; from += size) await write(rows.slice(from, from + size))
}
