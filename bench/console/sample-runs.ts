import { readFileSync } from 'node:fs'
import { checkCampaign } from '../../src/campaign/check.ts'
import { cohortOf } from '../../src/campaign/cohort.ts'
import { compileCampaign } from '../../src/campaign/compile.ts'
import { entriesOf } from '../../src/campaign/items.ts'
import type { Campaign } from '../../src/campaign/model.ts'
import type { Cohort } from '../../src/run/cohort.ts'
import type { Entry, Plan, RunStart } from '../../src/run/plan.ts'
import type { RunState } from '../../src/run/state.ts'
import type { FollowerKey } from '../../src/shared/ids.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/shared/time-units.ts'
import type { Random } from '../../test/harness/random.ts'
import {
  ENTRY_AT,
  type RunSimulation,
  type SendReply,
  simulateRun,
} from '../../test/harness/run-simulation.ts'

/** The files of `campaigns/` that the followers are in. */
const FILES = [
  '01-lead-magnet',
  '02-three-day-course',
  '03-shop-coupon',
  '04-expo-qr',
  '05-clinic-visit',
  '08-paid-course-trial',
  '09-after-sales',
  'welcome',
] as const

export interface SampleCampaign {
  source: string
  model: Campaign
  plan: Plan
}

/** A run as it is now. Its follower entered at some time of the last month. */
export interface SampleRun {
  follower: FollowerKey
  start: RunStart
  state: RunState
  cohort: Cohort
}

/** A quarter of the followers entered in the last two days, so that many runs go on. */
const RECENT_SHARE = 0.25
const RECENT_MS = 2 * DAY_MS
const PERIOD_MS = 30 * DAY_MS
const REPLIES = ['1', '打卡', '你好', '多少钱', '优惠券', '2']
const TIMEZONE = 'Asia/Shanghai'

/** The campaigns of the followers, the largest first. */
export function sampleCampaigns(): SampleCampaign[] {
  return FILES.map((file) => {
    const source = readFileSync(new URL(`../../campaigns/${file}.yaml`, import.meta.url), 'utf8')
    const { campaign: model, issues } = checkCampaign(source)
    if (!model) throw new Error(`${file}: ${JSON.stringify(issues)}`)
    return { source, model, plan: compileCampaign(model, 1) }
  })
}

/**
 * A run with the decisions of the product, and a follower of chance: two of five reply, some unfollow or opt out, an operator has
 * paused a few, and WeChat refuses some messages.
 * @param name unique
 */
export function sampleRun(
  name: string,
  campaigns: readonly SampleCampaign[],
  options: { appIds: readonly string[]; random: Random; now: number },
): SampleRun {
  const { appIds, random, now } = options
  // Half of the followers are in the first campaign.
  const { model, plan } = (random.chance(0.5) ? campaigns[0] : random.pick(campaigns)) as SampleCampaign
  const isRecent = random.chance(RECENT_SHARE)
  const ageMs = isRecent ? random.integerBelow(RECENT_MS) : random.integerBetween(RECENT_MS, PERIOD_MS)
  const simulated = simulateRun(plan, entryOf(model, random))
  simulated.answerSendsWith(() => wechatAnswer(random))
  for (const { at, happens } of happenings(random).filter((h) => h.at < ageMs)) {
    simulated.runUntil(at)
    happens(simulated)
  }
  simulated.runUntil(ageMs)
  const entryAt = now - ageMs
  const state = shifted(simulated.state, entryAt - ENTRY_AT)
  const entry: Entry = { ...state.entry, key: name }
  return {
    follower: { appId: random.pick(appIds), openId: `o${name}` },
    start: { plan, entry },
    state: { ...state, entry },
    cohort: cohortOf(model, TIMEZONE, entry),
  }
}

function entryOf(model: Campaign, random: Random): Parameters<typeof simulateRun>[1] {
  const [first] = entriesOf(model)
  const event = first && first.event !== 'window-closing' ? first.event : 'subscribe'
  const pattern = first?.qrScenes?.[0]
  const scene = pattern?.replace('*', String(random.integerBelow(40))) ?? null
  const known = event === 'subscribe' || event === 'scan' || event === 'click' ? event : 'message'
  return { event: known, ...(scene === null ? {} : { qrScene: scene }) }
}

interface Happening {
  /** Ms since the entry. */
  at: number
  happens(run: RunSimulation): void
}

function happenings(random: Random): Happening[] {
  const found: Happening[] = []
  const add = (share: number, mostMs: number, happens: Happening['happens']) => {
    if (random.chance(share)) found.push({ at: random.integerBetween(SECOND_MS, mostMs), happens })
  }
  const text = random.pick(REPLIES)
  add(0.2, MINUTE_MS, (run) => run.sendText(text))
  add(0.2, 20 * HOUR_MS, (run) => run.sendText(text))
  add(0.1, 40 * HOUR_MS, (run) => run.sendText('打卡'))
  add(0.04, 40 * HOUR_MS, (run) => run.unfollow())
  add(0.02, 40 * HOUR_MS, (run) => run.sendText('退订'))
  add(0.01, 10 * HOUR_MS, (run) => run.pause(true))
  add(0.01, 40 * HOUR_MS, (run) => run.stop('cancelled', 'by an operator'))
  return found.sort((a, b) => a.at - b.at)
}

function wechatAnswer(random: Random): SendReply {
  if (random.chance(0.01)) return { result: 'refused', reason: 'content', errcode: 45_006 }
  return random.chance(0.002) ? { result: 'unknown', reason: 'lost' } : { result: 'sent' }
}

/** A value with its times of the simulation moved. */
function shifted<T>(value: T, ms: number): T {
  const isTime = (x: unknown): x is number => typeof x === 'number' && Math.abs(x - ENTRY_AT) < 90 * DAY_MS
  return JSON.parse(JSON.stringify(value), (_, x) => (isTime(x) ? x + ms : x)) as T
}
