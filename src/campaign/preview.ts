import type { Interaction, Plan, PlanStep } from '../run/plan.ts'
import {
  type Action,
  applyActionResult,
  beginSendAction,
  finishRun,
  nextAction,
  type SendAction,
  type WaitAction,
} from '../run/run-actions.ts'
import { applyInteraction, applyUnsubscribe, beginRun, type RunState, type StepState } from '../run/state.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import { usableUntil } from '../wechat/rules/ledger.ts'
import { allowanceOf, RULES, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import { describeDuration, formatDuration } from './duration.ts'
import type { Issue } from './issue.ts'
import { sceneOfEntry } from './match.ts'
import type { Campaign } from './model.ts'

/** An action of the follower, `atMs` after the entry. */
export interface PreviewEvent {
  atMs: number
  do: 'reply' | 'click' | 'scan' | 'unfollow'
}

export interface PreviewLine {
  /** Time since the entry, like `40s`, at which the step was sent, held or skipped. */
  at: string
  atMs: number
  step: string
  state: StepState['state']
  /** The scene of the grant that paid; null when none did. */
  grant: Scene | null
  /** Null for a plain send. `depends-on-follower`: a real run sends the step only if its condition holds. */
  reason: string | null
}

/** A fixed time, so that a preview does not depend on the day. */
const ENTRY_AT = Date.UTC(2026, 0, 1)
const ACTIONS_MAX = 2_000
const SCENES = { reply: 'message', click: 'menu', scan: 'scan' } as const

/**
 * Simulates a campaign for one follower, with the decisions of real runs and a simulated clock. Shows when each step is sent, held
 * or skipped, and which grant pays. Every send succeeds, and every condition on the follower's attributes holds.
 */
export function previewCampaign(input: {
  campaign: Campaign
  rules: RulesProfileName
  events: readonly PreviewEvent[]
}): PreviewLine[] {
  return new Preview(input.campaign, input.rules).play(input.events)
}

/** One simulated run and its timeline. */
class Preview {
  private readonly plan: Plan
  private readonly rules: RulesProfileName
  /** Ids of the steps that depend on the follower's attributes. */
  private readonly conditional: ReadonlySet<string>
  private readonly lines: PreviewLine[] = []
  private state: RunState
  private now = ENTRY_AT
  private seq = 0

  constructor(campaign: Campaign, rules: RulesProfileName) {
    const compiled = compileCampaign(campaign, 1)
    this.plan = { ...compiled, steps: compiled.steps.map(withoutAttributes) }
    this.rules = rules
    this.conditional = new Set(compiled.steps.filter(hasAttributeCondition).map((s) => s.id))
    const { event } = campaign.entry
    const first = this.interaction(sceneOfEntry(event), ENTRY_AT)
    const entry = { ...first, event, qrScene: null, eventKey: null }
    this.state = applyInteraction(this.plan, beginRun(this.plan, entry, []), first)
  }

  play(events: readonly PreviewEvent[]): PreviewLine[] {
    const pending = events.toSorted((a, b) => a.atMs - b.atMs)
    for (let count = 0; count < ACTIONS_MAX && this.state.status !== 'ended'; count++) {
      while (pending[0] && ENTRY_AT + pending[0].atMs <= this.now) this.receive(pending.shift())
      const { state, action } = nextAction(this.plan, this.state, this.now)
      this.show(state)
      if (action.do === 'wait') this.now = Math.min(action.until, ENTRY_AT + (pending[0]?.atMs ?? Infinity))
      else this.execute(action)
    }
    return this.lines
  }

  private execute(action: Exclude<Action, WaitAction>): void {
    switch (action.do) {
      case 'send':
        this.send(action)
        break
      case 'tag':
        this.show(applyActionResult(this.state, { ...action, result: { result: 'tagged' } }, this.now))
        break
      case 'finish':
        this.show(finishRun(this.state, action, this.now))
        break
      case 'fetch-attributes':
        throw new Error('a preview has no follower whose attributes it could fetch')
      default:
        action satisfies never
    }
  }

  private send(action: SendAction): void {
    const dueAt = this.state.steps[action.index]?.dueAt ?? this.now
    this.state = beginSendAction(this.state, action)
    const result = { result: 'sent', at: this.now, unclear: 0 } as const
    // A step that is due inside the margin is sent at the margin's start, and shown there.
    const at = dueAt > this.now ? Math.min(dueAt, usableUntil(action.grant)) : this.now
    this.show(applyActionResult(this.state, { ...action, result }, this.now), at, action.grant.scene)
  }

  private receive(event: PreviewEvent | undefined): void {
    if (!event) return
    const at = ENTRY_AT + event.atMs
    this.state =
      event.do === 'unfollow'
        ? applyUnsubscribe(this.state, { at, seq: this.seq++, key: `event-${this.seq}` })
        : applyInteraction(this.plan, this.state, this.interaction(SCENES[event.do], at))
  }

  private interaction(scene: Scene, at: number): Interaction {
    const seq = this.seq++
    return { key: `event-${seq}`, at, seq, scene, allowance: allowanceOf(this.rules, scene), text: null }
  }

  /** Sets the new state and adds a line for each changed step. */
  private show(state: RunState, at: number = this.now, grant: Scene | null = null): void {
    for (const [i, step] of state.steps.entries()) {
      const before = this.state.steps[i]
      if (before?.state === step.state && before.reason === step.reason) continue
      const atMs = at - ENTRY_AT
      const depends = step.state === 'sent' && this.conditional.has(step.id)
      const reason = step.reason ?? (depends ? 'depends-on-follower' : null)
      this.lines.push({ at: formatDuration(atMs), atMs, step: step.id, state: step.state, grant, reason })
    }
    this.state = state
  }
}

/** True for a step with a condition on the follower's attributes. */
function hasAttributeCondition({ when }: PlanStep): boolean {
  return when !== null && typeof when === 'object'
}

/** The step without its conditions on the follower's attributes, which a preview cannot fetch. */
function withoutAttributes({ needsAttributes: _, ...step }: PlanStep): PlanStep {
  return { ...step, when: typeof step.when === 'object' ? null : step.when }
}

/**
 * Warnings about steps that no grant can pay. Simulates a follower who never replies, and one who replies after ten seconds.
 */
export function previewWarnings(campaign: Campaign, rules: RulesProfileName): Issue[] {
  const heldSteps = (events: PreviewEvent[]) =>
    new Map(
      previewCampaign({ campaign, rules, events })
        .filter((line) => line.reason === 'no-grant')
        .map((line) => [line.step, line.atMs]),
    )
  const whenSilent = heldSteps([])
  const whenReplying = heldSteps([{ atMs: 10 * SECOND_MS, do: 'reply' }])
  return campaign.steps.flatMap((step, i): Issue[] => {
    const consequence = step.ifLate === 'skip' ? 'it will be skipped' : 'it will be held'
    const dueMs = whenSilent.get(step.id)
    if (dueMs !== undefined && step.since !== 'reply') {
      return [
        {
          path: `steps.${i}.after`,
          message: `step ${step.id} is due ${describeDuration(dueMs)} after the ${entryAllowance(campaign, rules)}: unless the follower types a message before, ${consequence}`,
        },
      ]
    }
    if (!whenReplying.has(step.id)) return []
    const quota = RULES[rules].scenes.message?.quota ?? 0
    const message = `step ${step.id} has no message left: under ${rules} a typed message grants ${quota} messages, so ${consequence} until the follower types again`
    return [{ path: `steps.${i}`, message }]
  })
}

/** The entry and what it grants, as part of a sentence. */
function entryAllowance(campaign: Campaign, rules: RulesProfileName): string {
  const { event } = campaign.entry
  const entry = event === 'subscribe' ? 'follow' : event
  const allowance = RULES[rules].scenes[sceneOfEntry(event)]
  const allowed = allowance
    ? `${allowance.quota} messages for ${describeDuration(allowance.lifetimeMs)}`
    : 'nothing'
  return `${entry}, but under ${rules} a ${entry} grants ${allowed}`
}
