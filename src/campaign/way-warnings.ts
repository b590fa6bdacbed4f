import type { Plan } from '../run/plan.ts'
import { branchOf, OTHERWISE } from '../run/plan-fork.ts'
import { MINUTE_MS } from '../shared/time-units.ts'
import { LONGEST_WINDOW_MS, RULES, type RulesProfileName } from '../wechat/rules/rules.ts'
import { describeDuration } from './duration.ts'
import { sceneOfEntry } from './event-index.ts'
import type { Issue } from './issue.ts'
import { entriesOf, forksOf, stepsOf } from './items.ts'
import type { Campaign } from './model.ts'
import { type PlayedCampaign, type PlayedWay, playWays } from './play-ways.ts'
import { ENTRY_AT } from './preview.ts'
import { quietWarnings } from './quiet-warnings.ts'
import type { TimelineEntry } from './simulation.ts'
import { ANSWER_AFTER_MS, type Way, wayName, waysOf, workOfWay } from './ways.ts'
import { weekdayFindings } from './weekday-findings.ts'

/**
 * The work of all ways together: for each, the square of the number of steps, because each action looks at every step. With
 * more, few ways that take every branch are played. A check is a part of each keystroke in an editor, and takes a tenth of a second.
 */
const WORK_MAX = 75_000

/** What is found by playing every way of a campaign with forks. */
export interface WayFindings {
  issues: Issue[]
  warnings: Issue[]
}

interface Context extends PlayedCampaign {
  /** The paths of steps and forks by id. */
  paths: ReadonlyMap<string, string>
}

/** Skipped for being off the way, or by the end: the step was never due there. */
const NOT_DUE: ReadonlySet<string | null> = new Set([
  'other-branch',
  'wait-over',
  'completed',
  'window-closed',
  'goal-reached',
  'opted-out',
  'no-reply',
])

/** Plays every way of a campaign and reports steps that no grant pays, waits that the window ends, and steps never due. */
export function wayFindings(
  campaign: Campaign,
  plan: Plan,
  rules: RulesProfileName,
  quietOf: string | null = null,
): WayFindings {
  const steps = stepsOf(campaign).map(({ path, step }) => [step.id, path] as const)
  const forks = forksOf(campaign).map(({ path, fork }) => [fork.id, path] as const)
  const context = { campaign, plan, rules, quietOf, paths: new Map([...steps, ...forks]) }
  const ways = waysOf(plan, Math.floor(WORK_MAX / workOfWay(plan)))
  const played = playWays(context, ways, ENTRY_AT)
  const opensNothing = entriesOf(campaign).every(({ event }) => sceneOfEntry(event) === null)
  const all = opensNothing ? [...played, ...playWays(context, ways, ENTRY_AT, true)] : played
  const weekly = weekdayFindings(context, ways, { due: dueSteps(all), dueOf: dueSteps, workMax: WORK_MAX })
  const due = new Set(weekly.dueOnSomeDay)
  // Without forks nobody replies on the only way, and a reply makes these steps due.
  if (!plan.forks?.length)
    for (const [i, { id }] of plan.steps.entries()) if (isFromReply(plan, i)) due.add(id)
  const replied = steps.every(([id]) => due.has(id)) ? [] : playReplies(context, ways)
  for (const id of dueSteps(replied)) due.add(id)
  const issues = steps
    .filter(([id]) => !due.has(id))
    .map(([id, path]) => ({
      path,
      message: `step ${id} can never go: it is due on no way through the file`,
      hint: 'Let it count from something that happens on its way, and be due before its wait and the window end, or remove it',
    }))
  const found = [...played, ...replied].flatMap((one) => [
    ...grantWarnings(context, one),
    ...windowWarnings(context, one),
  ])
  const warnings = [...firstOfEach(found), ...weekly.warnings, ...quietWarnings(context, ways, played)]
  return { issues, warnings }
}

/**
 * The ways of a follower who replies before anything asks: soon, and just before the window closes. Steps that count from a
 * reply stand above a question or below its silence, where no answer makes them due.
 */
function playReplies(context: Context, ways: readonly Way[]): PlayedWay[] {
  const { steps, forks = [], windowMs } = context.plan
  if (![...steps, ...forks].some(({ since }) => since === 'reply')) return []
  return [ANSWER_AFTER_MS, windowMs - MINUTE_MS].flatMap((at) => playWays(context, ways, ENTRY_AT, false, at))
}

const dueSteps = (ways: readonly PlayedWay[]): Set<string> =>
  new Set(ways.flatMap(({ timeline }) => timeline.flatMap(dueStep)))

/** True for a step that is planned from a reply, or from such a step. */
function isFromReply(plan: Plan, index: number): boolean {
  const since = plan.steps[index]?.since
  if (since === undefined || since === 'reply') return since === 'reply'
  if (since === 'previous') return isFromReply(plan, index - 1)
  return typeof since === 'object' && 'step' in since && isFromReply(plan, since.step)
}

function dueStep(line: TimelineEntry): string[] {
  return line.line === 'step' && !NOT_DUE.has(line.reason) ? [line.step] : []
}

function firstOfEach(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.toReversed().map((issue) => [issue.path, issue])).values()].reverse()
}

/** What the follower did last before a line of the timeline. */
interface LastDone {
  at: number
  kind: 'entry' | 'typed' | 'tap' | 'told'
  fork: string | null
  /** Messages sent since a message was typed. */
  sentSince: number
}

function grantWarnings(context: Context, { way, timeline }: PlayedWay): Issue[] {
  const found: Issue[] = []
  const entryAt = timeline[0]?.at ?? 0
  const isTyped = entriesOf(context.campaign)[0]?.event === 'message'
  let last: LastDone = { at: entryAt, kind: 'entry', fork: null, sentSince: 0 }
  for (const line of timeline) {
    if (line.line === 'event') {
      const kind = line.event.do === 'message' ? 'typed' : isTap(line.event.do) ? 'tap' : 'told'
      // Facts, tags and links open nothing.
      if (kind !== 'told') last = { at: line.at, kind, fork: null, sentSince: 0 }
    } else if (line.line === 'fork') last.fork ??= line.fork
    else if (line.line === 'step') {
      if (line.state === 'sent' && line.grant) last.sentSince++
      if (line.reason !== 'no-grant') continue
      const path = context.paths.get(line.step)
      if (path)
        found.push({ path, ...noGrant(context, line.step, line, last, wayName(context.plan, way), isTyped) })
    }
  }
  return found
}

const isTap = (what: string) => what === 'click' || what === 'scan'

function noGrant(
  { campaign, plan, rules }: Context,
  id: string,
  { at, state }: { at: number; state: string },
  last: LastDone,
  way: string,
  entryIsTyped: boolean,
): Pick<Issue, 'message' | 'rule' | 'hint'> {
  const rule = 'what-wechat-allows'
  const consequence = state === 'skipped' ? 'it will be skipped' : 'it will be held'
  const after = describeDuration(at - last.at)
  const { message: typed, menu: tap } = RULES[rules].scenes
  if (last.kind === 'typed' || (last.kind === 'entry' && entryIsTyped)) {
    const { quota = 0, lifetimeMs = LONGEST_WINDOW_MS } = typed ?? {}
    if (last.sentSince >= quota) {
      const message = `on the way ${way} ${last.sentSince + 1} messages follow one typed message, which opens ${quota}: step ${id} ${consequence.slice(3)} until the follower types again`
      return { rule, message, hint: 'Ask for an answer in between' }
    }
    const message = `step ${id} is due ${after} after the last typed message, which opens messages for ${describeDuration(lifetimeMs)}: ${consequence} until the follower types`
    return { rule, message, hint: 'Ask for an answer in between' }
  }
  if (last.kind === 'tap') {
    const opens = tap ? `${tap.quota} messages for ${describeDuration(tap.lifetimeMs)}` : 'nothing'
    const decides = last.fork === null ? '' : ` that decides ${last.fork}`
    const message = `step ${id}, ${after} after the tap${decides}: a tap opens ${opens}, not 48 h; ${consequence} until the follower types. Ask for a word instead`
    return { rule, message, hint: 'Ask for a word instead' }
  }
  const entry = entriesOf(campaign)[0]?.event ?? 'message'
  const scene = sceneOfEntry(entry)
  if (scene === null) {
    const begun = entry === 'api' ? 'the API' : entry
    const message = `a run begun by ${begun} has no grant of its own: step ${id} goes only if the follower typed within 48 h`
    return { rule, message, hint: 'Begin with a wait for a word' }
  }
  const allowance = RULES[rules].scenes[scene]
  const name = entry === 'subscribe' ? 'follow' : entry
  const opens = allowance
    ? `${allowance.quota} messages for ${describeDuration(allowance.lifetimeMs)}`
    : 'nothing'
  const message = `step ${id} is due ${after} after the ${name}, but under ${rules} a ${name} grants ${opens}: unless the follower types a message before, ${consequence}`
  return { rule, message, hint: `Let the follower type first${plan.forks?.length ? '' : ', with a fork'}` }
}

/** Waits that the window ends before their time is over. */
function windowWarnings({ plan, paths }: Context, { way, timeline }: PlayedWay): Issue[] {
  const end = timeline.find((line) => line.line === 'end')
  if (end?.line !== 'end' || end.outcome !== 'window-closed') return []
  const decided = new Set(timeline.flatMap((line) => (line.line === 'fork' ? [line.fork] : [])))
  const index = way.findIndex((took, i) => took === OTHERWISE && !decided.has(plan.forks?.[i]?.id ?? ''))
  const fork = plan.forks?.[index]
  const path = fork && paths.get(fork.id)
  if (!fork || !path || fork.waitMs === null || fork.branches.length === 0 || !branchOf(fork, OTHERWISE))
    return []
  const interactions = timeline.flatMap((l) => (l.line === 'entry' || l.line === 'event' ? [l.at] : []))
  const lastAt = Math.max(...interactions)
  const lastStep = timeline.findLast((l) => l.line === 'step' && l.state === 'sent')
  const openMs = Math.max(lastAt, lastStep?.at ?? lastAt) + fork.waitMs - lastAt
  // Seconds say nothing here: the spread of local times moves them.
  const openUntil = Math.ceil(openMs / MINUTE_MS) * MINUTE_MS
  if (openUntil <= plan.windowMs) return []
  const message = `${fork.id} may be open until ${describeDuration(openUntil)} after the last interaction; the window closes at ${describeDuration(plan.windowMs)}: else is not reached then`
  return [{ path, message, rule: 'forks', hint: 'Make wait shorter' }]
}
