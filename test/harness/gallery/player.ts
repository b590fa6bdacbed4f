import { type PlayedEvent, simulateCampaign, type TimelineEntry } from '../../../src/campaign/simulation.ts'
import { eventForBranch, type Way } from '../../../src/campaign/ways.ts'
import { hash32 } from '../../../src/run/hash.ts'
import { correctedTime } from '../../../src/run/plan.ts'
import { OTHERWISE } from '../../../src/run/plan-fork.ts'
import type { Facts } from '../../../src/shared/facts.ts'
import { HOUR_MS, SECOND_MS } from '../../../src/shared/time-units.ts'
import { readFollower } from '../../../src/store/runs/follower-rows.ts'
import { type RunRow, runsByFollower } from '../../../src/store/runs/run-rows.ts'
import { TEST_PUBLIC_URL } from '../app-harness.ts'
import { waitFor } from '../wait-for.ts'
import type { Example, Stage } from './stage.ts'

/** More moves of the clock than the longest example needs. */
const MOVES_MAX = 200
/** So long before the end of the grant the recall begins. */
const RECALL_BEFORE_MS = 2 * HOUR_MS
const GRANT_MS = 48 * HOUR_MS

/** What one follower is and does. */
export interface Part {
  example: Example
  openId: string
  /** When the follower enters, by the follower's own clock, epoch ms. */
  entryAt: number
  entry: { event: string; text?: string | null; qrScene?: string | null }
  tags: readonly string[]
  /** Whether the follower goes through the three-day course before. */
  hasTakenCourse: boolean
  /** What happens when, ms after the entry; or which branch each fork takes. */
  does: { events: readonly PlayedEvent[] } | { way: Way; facts?: (entryAt: number) => Facts }
}

/** What came of it. */
export interface Played {
  run: RunRow
  /** By the run's own clock, epoch ms. */
  entryAt: number
  /** The text or kind of the passive reply to the entry; null: none. */
  reply: string | null
  /** A preview with the same follower and the same events at the times at which they really happened. */
  preview: readonly TimelineEntry[]
}

/** Plays one follower to the end of the run, with the follower's clock moved forward. */
export async function playPart(stage: Stage, part: Part): Promise<Played> {
  return new Player(stage, part).play()
}

class Player {
  readonly #stage: Stage
  readonly #part: Part
  /** As they happened, at epoch ms. */
  readonly #happened: PlayedEvent[] = []
  readonly #answered = new Set<number>()

  constructor(stage: Stage, part: Part) {
    this.#stage = stage
    this.#part = part
  }

  get #key() {
    return { appId: this.#part.example.appId, openId: this.#part.openId }
  }

  get #sim() {
    return this.#stage.app.simulator.account(this.#key.appId)
  }

  get #clock(): number {
    return this.#sim.clock(this.#key.openId)
  }

  async play(): Promise<Played> {
    const { example, does, tags } = this.#part
    const { app } = this.#stage
    app.simulator.wechat.follower(this.#key).following = true
    this.#sim.setTags(this.#key.openId, [...tags])
    const reply = await this.#enter()
    const first = await app.waitForRun(
      this.#key.appId,
      this.#key.openId,
      (run) => run.campaign === example.campaign.id,
    )
    const entryAt = correctedTime(first.entry)
    if ('events' in does) for (const event of does.events) await this.#playEvent(event, entryAt)
    else if (does.facts) await this.#tell(does.facts(entryAt))
    const run = await this.#playToEnd(entryAt, 'way' in does ? does.way : null)
    return { run, entryAt, reply, preview: this.#preview(first, entryAt) }
  }

  /** Makes the run begin. @returns the passive reply */
  async #enter(): Promise<string | null> {
    const { entry, entryAt, hasTakenCourse } = this.#part
    const { openId } = this.#key
    if (entry.event === 'window-closing') {
      const typedAt = entryAt - GRANT_MS + RECALL_BEFORE_MS
      if (hasTakenCourse) await this.#takeCourse(typedAt)
      else {
        await this.#forwardTo(typedAt)
        await this.#sim.type(openId, '你好')
      }
      await this.#stage.untilDispatched(this.#key)
      const known = () => readFollower(this.#stage.app.services.db, this.#key)
      const row = await waitFor(known, { until: (found) => found?.messageGrantEndsAt != null })
      await this.#forwardTo((row?.messageGrantEndsAt ?? 0) - RECALL_BEFORE_MS + SECOND_MS)
      return null
    }
    await this.#forwardTo(entryAt)
    const result = await this.#performEntry(entry)
    await this.#stage.untilDispatched(this.#key)
    const fields = result.passiveReply?.fields ?? null
    return fields && String(fields.Content ?? result.passiveReply?.msgType)
  }

  #performEntry({ event, text, qrScene }: Part['entry']) {
    const { openId } = this.#key
    switch (event) {
      case 'subscribe':
        this.#stage.app.simulator.wechat.follower(this.#key).following = false
        return this.#sim.follow(openId, qrScene ? { qrScene } : {})
      case 'scan':
        return this.#sim.scan(openId, qrScene ?? '')
      case 'message':
        return this.#sim.type(openId, text ?? '')
      case 'click':
        return this.#sim.tapMenu(openId, this.#menuKey())
      default:
        throw new Error(`no example begins by ${event}`)
    }
  }

  #menuKey(): string {
    const { entry = [] } = this.#part.example.campaign
    const keys = [entry].flat().flatMap((e) => e.keys ?? [])
    return keys[0] ?? ''
  }

  /** The course, with its last message so that the recall begins at the entry. */
  async #takeCourse(typedAt: number): Promise<void> {
    const { openId, appId } = this.#key
    const { app } = this.#stage
    await this.#forwardTo(typedAt - 25 * HOUR_MS)
    await this.#sim.type(openId, '课程')
    await this.#stage.untilDispatched(this.#key)
    const asked = (fork: number) =>
      app.waitForRun(appId, openId, (run) => run.state.forks?.[fork]?.state === 'waiting')
    for (const [fork, at] of [typedAt - 22 * HOUR_MS, typedAt].entries()) {
      await this.#forwardTo(at)
      await asked(fork)
      await this.#sim.type(openId, '打卡')
      await app.waitForRun(appId, openId, (run) => run.state.forks?.[fork]?.state === 'taken')
    }
    for (;;) {
      const run = await this.#run()
      if (run.status === 'ended') return
      await this.#sim.fastForwardToNext(openId)
    }
  }

  async #playEvent(event: PlayedEvent, entryAt: number): Promise<void> {
    await this.#forwardTo(entryAt + event.atMs)
    await this.#perform(event)
  }

  async #playToEnd(entryAt: number, way: Way | null): Promise<RunRow> {
    const { example } = this.#part
    for (let move = 0; move < MOVES_MAX; move++) {
      const run = await this.#run()
      if (run.status === 'ended') return run
      const fork = run.state.forks?.findIndex((f) => f.state === 'waiting') ?? -1
      const took = way?.[fork] ?? OTHERWISE
      const event =
        fork < 0 || this.#answered.has(fork)
          ? null
          : eventForBranch(example.plan, fork, took, this.#clock - entryAt)
      if (event) {
        this.#answered.add(fork)
        await this.#playEvent(event, entryAt)
      } else if (!(await this.#sim.fastForwardToNext(this.#key.openId))) {
        const { appId, openId } = this.#key
        await this.#stage.app.waitForRun(appId, openId, (r) => r.status === 'ended')
      }
    }
    throw new Error(`the run of ${this.#key.openId} does not end`)
  }

  async #run(): Promise<RunRow> {
    const [run] = await runsByFollower(this.#stage.app.services.db, this.#key, 1)
    if (!run) throw new Error(`${this.#key.openId} has no run`)
    return run
  }

  async #forwardTo(at: number): Promise<void> {
    const ms = at - this.#clock
    if (ms > 0) await this.#sim.fastForward(this.#key.openId, ms)
  }

  async #perform(event: PlayedEvent): Promise<void> {
    const { openId } = this.#key
    const before = await this.#run()
    const atMs = Math.floor(this.#clock / SECOND_MS) * SECOND_MS
    switch (event.do) {
      case 'message':
        await this.#sim.type(openId, event.text ?? '在吗', { createTime: atMs / SECOND_MS })
        break
      case 'click':
        await this.#sim.tapMenu(openId, event.key ?? '', { createTime: atMs / SECOND_MS })
        break
      case 'agent':
        await (event.open ? this.#sim.agentJoins(openId) : this.#sim.agentLeaves(openId))
        break
      case 'link':
        return this.#open(event.link, before)
      case 'facts':
        return this.#tell(event.facts)
      default:
        throw new Error(`no example needs ${event.do}`)
    }
    this.#happened.push({ ...event, atMs })
    await this.#untilSettled()
  }

  async #tell(facts: Facts): Promise<void> {
    // The system that makes posters begins when it is asked for one.
    const asked = () => this.#stage.webhooks.some((w) => w.openId === this.#key.openId && w.step === 'make')
    if ('posterReady' in facts) await waitFor(asked)
    this.#happened.push({ do: 'facts', facts, atMs: await this.#stage.tell(this.#key, facts) })
    await this.#untilSettled()
  }

  /** The follower opens the newest short link. */
  async #open(link: string, { campaign }: RunRow): Promise<void> {
    const bodies = this.#sim.sends
      .filter((s) => s.openId === this.#key.openId)
      .map((s) => JSON.stringify(s.body))
    const [token] = bodies
      .flatMap((body) => body.match(new RegExp(`(?<=${TEST_PUBLIC_URL}/l/)[\\w-]+`, 'g')) ?? [])
      .slice(-1)
    if (!token) throw new Error(`no message of ${campaign} has a link`)
    this.#happened.push({ do: 'link', link, atMs: await this.#stage.click(this.#key, token) })
    await this.#untilSettled()
  }

  /** Waits until the run has what happened, and its row too, which says when the run acts next. */
  async #untilSettled(): Promise<void> {
    await this.#stage.untilDispatched(this.#key)
    const { appId, openId } = this.#key
    const { client } = this.#stage.app.services.temporal
    const handle = client.workflow.getHandle(`nurture/${appId}/${openId}`)
    const shown = await handle.query<{ forks?: { took: string | null }[] }>('state')
    const decided = (shown.forks ?? []).filter(({ took }) => took !== null).length
    await this.#stage.app.waitForRun(
      appId,
      openId,
      (run) => (run.state.forks ?? []).filter(({ took }) => took !== null).length >= decided,
    )
  }

  #preview(first: RunRow, entryAt: number): readonly TimelineEntry[] {
    const { example, tags, entry, hasTakenCourse } = this.#part
    const { appId, openId } = this.#key
    return simulateCampaign({
      plan: example.plan,
      rules: 'wechat-2023',
      entryAt,
      entry: first.entry,
      events: this.#happened.map((e) => ({ ...e, atMs: e.atMs - entryAt })),
      ledger: first.state.ledger.filter((grant) => grant.grantedAt < entryAt),
      follower: { tags, qrScene: entry.qrScene ?? '' },
      known: {
        seed: hash32(appId, openId, example.plan.campaign),
        ...(hasTakenCourse ? { history: { 'three-day-course': 'completed' } } : {}),
      },
    })
  }
}
