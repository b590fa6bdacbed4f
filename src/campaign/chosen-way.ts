import type { Plan } from '../run/plan.ts'
import { OTHERWISE, type PlanFork } from '../run/plan-fork.ts'
import { HOUR_MS, SECOND_MS } from '../shared/time-units.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import { sceneOfEntry } from './event-index.ts'
import type { Campaign } from './model.ts'
import { closingLedger, playedEntry } from './play-ways.ts'
import type { PlayedChoice, PlayedStep } from './played-choice.ts'
import { ENTRY_AT } from './preview.ts'
import { type PlayedEvent, Simulation, type TimelineEntry } from './simulation.ts'
import { eventForBranch, playablePlan } from './ways.ts'

/** How soon a follower answers what a campaign asks. */
export const REPLY_PATTERNS = ['soon', 'later', 'never'] as const
export type ReplyPattern = (typeof REPLY_PATTERNS)[number]

const SOON_MS = 30 * SECOND_MS
const LATER_MS = 3 * HOUR_MS
/** What a follower types where a campaign asks for no particular word. */
const ANY_REPLY = '好的'

/**
 * Plays one way through a campaign: what an operator sees beside the steps while writing them.
 * @param branches the branch that a fork takes by its id, -1 for `else`; the first where nothing is chosen
 * @returns null for a campaign that only answers
 */
export function playChosenWay(
  campaign: Campaign,
  rules: RulesProfileName,
  { replies, branches }: { replies: ReplyPattern; branches: Readonly<Record<string, number>> },
): PlayedChoice | null {
  const entry = playedEntry(campaign)
  if (!entry) return null
  const plan = compileCampaign(campaign, 1)
  const replyFirst = repliesFirst(plan)
  const replyAt = replies === 'soon' ? SOON_MS : LATER_MS
  const reply: PlayedEvent = { atMs: replyAt, do: 'message', text: ANY_REPLY }
  const ledger = entry.event === 'window-closing' ? closingLedger(campaign, rules, ENTRY_AT) : []
  let simulation = new Simulation({
    plan: playablePlan(plan),
    rules,
    entryAt: ENTRY_AT,
    entry,
    events: replyFirst && replies !== 'never' ? [reply] : [],
    ledger,
  })
  for (let asked = simulation.playToQuestion(); asked; asked = simulation.playToQuestion()) {
    const fork = plan.forks?.[asked.fork]
    const took = fork ? chosenBranch(fork, replies, branches) : OTHERWISE
    const event = eventForBranch(plan, asked.fork, took, asked.openedAt - ENTRY_AT)
    const waited = fork?.kind === 'on' && event ? { atMs: answerTime(fork, replies, asked.openedAt) } : {}
    simulation = simulation.copyWith(event && { ...event, ...waited })
  }
  return { entryAt: ENTRY_AT, ...readTimeline(simulation.timeline, plan.forks ?? [], rules) }
}

/** Whether the follower replies before anything asks: nothing does, or a step that counts from a reply stands above. */
function repliesFirst({ steps, forks = [] }: Plan): boolean {
  const asked = forks.flatMap((fork) => (fork.kind === 'on' ? [fork.at] : []))
  if (asked.length === 0) return true
  return steps.slice(0, Math.min(...asked)).some(({ since }) => since === 'reply')
}

function chosenBranch(fork: PlanFork, replies: ReplyPattern, branches: Readonly<Record<string, number>>) {
  if (fork.kind === 'on' && replies === 'never') return OTHERWISE
  const chosen = Object.hasOwn(branches, fork.id) ? branches[fork.id] : 0
  return chosen !== undefined && chosen < fork.branches.length ? chosen : OTHERWISE
}

/** A late answer comes in the middle of a wait that is shorter. */
function answerTime({ waitMs }: PlanFork, replies: ReplyPattern, openedAt: number): number {
  const afterMs = Math.min(replies === 'soon' ? SOON_MS : LATER_MS, (waitMs ?? 0) / 2)
  return openedAt - ENTRY_AT + afterMs
}

/** The scene of the grant that an event opens; null for none. */
function sceneOfLine(line: TimelineEntry): Scene | null {
  if (line.line === 'entry') return sceneOfEntry(line.entry.event)
  if (line.line !== 'event') return null
  switch (line.event.do) {
    case 'message':
      return 'message'
    case 'click':
      return 'menu'
    case 'scan':
      return 'scan'
    default:
      return null
  }
}

type Read = Omit<PlayedChoice, 'entryAt'>

function readTimeline(
  timeline: readonly TimelineEntry[],
  forks: readonly PlanFork[],
  rules: RulesProfileName,
): Read {
  const read: Read = { steps: [], forks: [], events: [], grants: [], endMs: 0, outcome: '', left: [] }
  const used = new Map<Scene, number>()
  for (const line of timeline) {
    const atMs = line.at - ENTRY_AT
    const scene = sceneOfLine(line)
    const allowance = scene && allowanceOf(rules, scene)
    if (scene && allowance) {
      used.set(scene, 0)
      read.grants.push({ scene, atMs, endsAtMs: atMs + allowance.lifetimeMs, of: allowance.quota })
    }
    if (line.line === 'event' && line.event.do !== 'facts') read.events.push({ atMs, ...inShort(line.event) })
    if (line.line === 'fork') {
      const took = forks.find(({ id }) => id === line.fork)?.branches.findIndex((b) => b.name === line.branch)
      read.forks.push({ fork: line.fork, took: took ?? OTHERWISE, atMs })
    }
    if (line.line === 'end') Object.assign(read, { endMs: atMs, outcome: line.outcome, left: line.left })
    if (line.line !== 'step') continue
    const paid = line.state === 'sent' && line.grant ? payment(read, used, line.grant, atMs) : null
    const { step, state, reason, quiet = null } = line
    const before = read.steps.find((s) => s.step === step)
    const heldMs = before?.heldMs ?? (state === 'held' ? atMs : null)
    // A step that is held first is shown as it ends.
    read.steps = [
      ...read.steps.filter((s) => s.step !== step),
      { step, atMs, heldMs, state, reason, quiet, paid },
    ]
  }
  return read
}

/** Counts a message of a grant. */
function payment(read: Read, used: Map<Scene, number>, scene: Scene, atMs: number): PlayedStep['paid'] {
  const nth = (used.get(scene) ?? 0) + 1
  used.set(scene, nth)
  const grant = read.grants.findLast((g) => g.scene === scene)
  return { scene, nth, of: grant?.of ?? nth, leftMs: grant ? Math.max(0, grant.endsAtMs - atMs) : 0 }
}

function inShort(event: PlayedEvent): { does: string; value: string } {
  switch (event.do) {
    case 'message':
      return { does: event.do, value: event.text ?? '' }
    case 'click':
      return { does: event.do, value: event.key ?? '' }
    case 'scan':
      return { does: event.do, value: event.scene ?? '' }
    case 'link':
      return { does: event.do, value: event.link }
    default:
      return { does: event.do, value: '' }
  }
}
