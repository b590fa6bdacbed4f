import { type PlayedEvent, simulateCampaign } from '../../../src/campaign/simulation.ts'
import { type Way, wayName, wayPerBranch } from '../../../src/campaign/ways.ts'
import { hash32 } from '../../../src/run/hash.ts'
import type { Plan } from '../../../src/run/plan.ts'
import { branchOf, OTHERWISE } from '../../../src/run/plan-fork.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../../src/shared/time-units.ts'
import { type KeptLine, type KeptTimeline, keptTimelines } from './kept-timelines.ts'
import type { Part } from './player.ts'
import type { Example } from './stage.ts'
import { differences, linesOf, traceOfLines } from './trace.ts'

/** One follower of the gallery: what he is and does, and what the page of timelines says of it. */
export interface Play {
  name: string
  part(now: number): Part
  /** The lines of the page; null where the page has no timeline of this way. */
  kept: readonly KeptLine[] | null
  /** The branches that it takes: `ask → 领取`. */
  branches: readonly string[]
}

const WEEK_MS = 7 * DAY_MS
/** A follower's clock cannot go back, and each follower needs some time to prepare. */
const PREPARATION_MS = 4 * DAY_MS
/** The figures of two followers count as equal when they differ by less. */
const SAME_SPREAD_MS = 15 * SECOND_MS
const MONDAY_10 = Date.UTC(2026, 10, 23, 2)
/** Far more than it takes to find one with the figure of `spread`. */
const CANDIDATES_MAX = 2_000
/** Shares are compared in ten-thousandths. */
const SHARES = 10_000

/** The plays of an example: each timeline of the page, and each way with a branch that no timeline takes. */
export function playsOf(example: Example): Play[] {
  const kept = keptTimelines().filter(({ file }) => file === example.file)
  const covered = new Set(kept.flatMap(({ lines }) => branchesOf(lines)))
  const plays = kept.map((timeline) => keptPlay(example, timeline))
  for (const way of wayPerBranch(example.plan)) {
    const branches = branchNames(example.plan, way)
    if (branches.every((branch) => covered.has(branch)) || !canBeTaken(example.plan, way)) continue
    for (const branch of branches) covered.add(branch)
    plays.push(wayPlay(example, way, branches))
  }
  return plays
}

const branchesOf = (lines: readonly KeptLine[]) =>
  lines.flatMap(({ text }) => (text.startsWith('◇ ') ? [text.slice(2)] : []))

/** Shares of 100 % leave nobody for `else`. */
const canBeTaken = ({ forks = [] }: Plan, way: Way): boolean =>
  forks.every((f, i) => f.kind !== 'share' || way[i] !== OTHERWISE || (f.branches.at(-1)?.upTo ?? 0) < SHARES)

const branchNames = ({ forks = [] }: Plan, way: Way): string[] =>
  way.flatMap((took, i) => {
    const fork = forks[i]
    return took === null || !fork ? [] : [`${fork.id} → ${branchOf(fork, took).name}`]
  })

function keptPlay(example: Example, timeline: KeptTimeline): Play {
  const { title, entry, lines } = timeline
  const tags = title === 'bought already' ? ['已购'] : []
  const openId = followerOf(example, `k${hash32(title)}`, (seed) =>
    isLikeThePage(example, timeline, seed, tags),
  )
  return {
    name: title,
    kept: lines,
    branches: branchesOf(lines),
    part(now) {
      const entryAt = laterWeek(timeline.entryAt, now)
      const events = timeline.events.map((event) => shifted(event, entryAt - timeline.entryAt))
      return { example, openId, entryAt, entry, tags, hasTakenCourse: false, does: { events } }
    },
  }
}

/** The same event some weeks later: facts may name a time. */
function shifted(event: PlayedEvent, ms: number): PlayedEvent {
  if (event.do !== 'facts') return event
  const facts = Object.entries(event.facts).map(([name, value]) => {
    const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
    return [name, isTime ? new Date(Date.parse(value) + ms).toISOString() : value]
  })
  return { ...event, facts: Object.fromEntries(facts) }
}

/** Whether a follower with this seed gets the shares and, almost, the figure of `spread` of the page. */
function isLikeThePage(
  { plan }: Example,
  { entryAt, entry, events, lines }: KeptTimeline,
  seed: number,
  tags: readonly string[],
): boolean {
  if (!takesShares(plan, branchesOf(lines), seed)) return false
  const grant = {
    scene: 'message',
    grantedAt: entryAt - 46 * HOUR_MS,
    expiresAt: entryAt + 2 * HOUR_MS,
  } as const
  const timeline = simulateCampaign({
    ...{ plan, rules: 'wechat-2023', entryAt, entry, events },
    ledger: entry.event === 'window-closing' ? [{ ...grant, quota: 5, used: 1 }] : [],
    ...{ follower: { tags }, known: { seed } },
  })
  return (
    differences(traceOfLines(linesOf(timeline, entryAt)), traceOfLines(lines), SAME_SPREAD_MS).length === 0
  )
}

function takesShares({ forks = [] }: Plan, branches: readonly string[], seed: number): boolean {
  return forks.every((fork) => {
    if (fork.kind !== 'share') return true
    const value = hash32(seed, fork.id) % SHARES
    const index = fork.branches.findIndex(({ upTo = 0 }) => value < upTo)
    const wanted = branches.find((branch) => branch.startsWith(`${fork.id} → `))
    return wanted === undefined || wanted === `${fork.id} → ${branchOf(fork, index).name}`
  })
}

/** An openId with a fitting seed. */
function followerOf({ appId, plan }: Example, name: string, fits: (seed: number) => boolean): string {
  for (let n = 0; n < CANDIDATES_MAX; n++) {
    const openId = `o${name}-${n}`
    if (fits(hash32(appId, openId, plan.campaign))) return openId
  }
  throw new Error(`no follower of ${plan.campaign} would get the timeline ${name}`)
}

/** The first time with the same day of the week and time of day that is far enough from now. */
function laterWeek(at: number, now: number): number {
  const weeks = Math.ceil((now + PREPARATION_MS - at) / WEEK_MS)
  return at + Math.max(0, weeks) * WEEK_MS
}

function wayPlay(example: Example, way: Way, branches: readonly string[]): Play {
  const takes = (branch: string) => branches.includes(branch)
  const openId = followerOf(example, `w${hash32(branches.join())}`, (seed) =>
    takesShares(example.plan, branches, seed),
  )
  return {
    name: `${wayName(example.plan, way)}`,
    kept: null,
    branches,
    part: (now) => ({
      ...{ example, openId, entryAt: laterWeek(MONDAY_10, now) },
      ...entryOf(example, takes, way),
      tags: takes('who → 不打扰') ? ['已购'] : [],
      hasTakenCourse: takes('who → 学过小课'),
    }),
  }
}

/** How the follower of a way enters, and the facts that the steps count from. */
function entryOf(
  { file }: Example,
  takes: (branch: string) => boolean,
  way: Way,
): Pick<Part, 'entry' | 'does'> {
  const follow = (qrScene: string | null) => ({ entry: { event: 'subscribe', qrScene }, does: { way } })
  const type = (text: string) => ({ entry: { event: 'message', text }, does: { way } })
  switch (file.slice(0, 2)) {
    case '01':
      return follow(null)
    case '02':
      return type('课程')
    case '03':
      return follow('shop-sh-3')
    case '04':
      return takes('hall → A馆')
        ? { ...follow('expo-a12') }
        : { entry: { event: 'scan', qrScene: 'expo-b3' }, does: { way } }
    case '05':
      return {
        ...type('我要预约'),
        does: {
          way,
          facts: (entryAt) => ({ doctor: '李医生', visitAt: new Date(entryAt + 29 * HOUR_MS).toISOString() }),
        },
      }
    case '06':
      return { entry: { event: 'window-closing' }, does: { way } }
    case '07':
      return type('海报')
    case '08':
      return follow('trial1')
    case '09':
      return type('扫地机坏了')
    default:
      throw new Error(`the gallery has no follower for ${file}`)
  }
}
