import { applyTagResult } from '../run/attributes.ts'
import { decide } from '../run/decide.ts'
import type { Interaction, Plan } from '../run/plan.ts'
import { applySendResult, beginSend } from '../run/send-result.ts'
import {
  applyInteraction,
  applyUnsubscribe,
  beginRun,
  endRun,
  type RunState,
  type StepState,
} from '../run/state.ts'
import { usableUntil } from '../wechat/rules/ledger.ts'
import { allowanceOf, RULES, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'
import { compileCampaign } from './compile.ts'
import { describeDuration, formatDuration } from './duration.ts'
import type { Issue } from './issue.ts'
import type { Campaign } from './model.ts'

/** Something that the follower does, `atMs` after the entry. */
export interface PreviewEvent {
  atMs: number
  do: 'reply' | 'click' | 'scan' | 'unfollow'
}

export interface PreviewLine {
  /** Time since the entry, like `40s`; when it went, was held or skipped. */
  at: string
  atMs: number
  step: string
  state: StepState['state']
  /** Which grant paid. */
  grant: Scene | null
  /** `depends-on-follower`: it goes only if the follower's tags or scene are as the step wants them. */
  reason: string | null
}

/** A fixed beginning: a preview is the same on every day. */
const EPOCH = Date.UTC(2026, 0, 1)
const MAX_TURNS = 2_000

/**
 * Plays a campaign for one follower on a clock of its own, with the very functions that a run uses: when each step goes,
 * and which grant pays. Every send succeeds, and every condition on the follower's tags and scenes holds.
 */
export function previewCampaign(input: {
  campaign: Campaign
  rules: RulesProfileName
  events: readonly PreviewEvent[]
}): PreviewLine[] {
  const { campaign, rules, events } = input
  const compiled = compileCampaign(campaign, 1)
  const plan = withoutFacts(compiled)
  const entryScene = campaign.entry.event === 'click' ? 'menu' : campaign.entry.event
  let seq = 0
  const interaction = (scene: Scene, at: number): Interaction => ({
    key: `event-${seq}`,
    at,
    seq: seq++,
    scene,
    allowance: allowanceOf(rules, scene),
    text: null,
  })
  const first = interaction(entryScene, EPOCH)
  const entry = { ...first, event: campaign.entry.event, qrScene: null, eventKey: null }
  let state = applyInteraction(plan, beginRun(plan, entry, []), first)
  const lines: PreviewLine[] = []
  const pending = [...events].sort((a, b) => a.atMs - b.atMs)
  let now = EPOCH

  for (let turn = 0; turn < MAX_TURNS; turn++) {
    while (pending[0] && EPOCH + pending[0].atMs <= now) {
      const event = pending.shift()
      if (event) state = hear(event)
    }
    const decided = decide(plan, state, now)
    note(state, decided.state, now, null)
    state = decided.state
    const { next } = decided
    if (next.do === 'finish') {
      const ended = endRun(state, next.outcome, next.reason, now)
      note(state, ended, now, null)
      break
    }
    if (next.do === 'wait') {
      const event = pending[0]
      now = Math.min(next.until, event ? EPOCH + event.atMs : Infinity)
      continue
    }
    const step = plan.steps[next.index]
    if (next.do === 'fetch-attributes' || !step) throw new Error('a preview has nobody to ask')
    if (next.do === 'tag') {
      const tagged = applyTagResult(state, next.index, step, { result: 'tagged' }, now)
      note(state, tagged, now, null)
      state = tagged
      continue
    }
    const sending = beginSend(state, next.index)
    const after = applySendResult(
      sending,
      next.index,
      { grant: next.grant, grants: sending.ledger },
      { result: 'sent', at: now, unclear: 0 },
    )
    const dueAt = state.steps[next.index]?.dueAt ?? now
    // Moved forward by the margin: shown at the margin's start.
    note(sending, after, dueAt > now ? Math.min(dueAt, usableUntil(next.grant)) : now, next.grant.scene)
    state = after
  }
  return lines

  function hear(event: PreviewEvent): RunState {
    const at = EPOCH + event.atMs
    if (event.do === 'unfollow') return applyUnsubscribe(state, { at, seq: seq++, key: `event-${seq}` })
    const scene = event.do === 'reply' ? 'message' : event.do === 'click' ? 'menu' : 'scan'
    return applyInteraction(plan, state, interaction(scene, at))
  }

  function asksFollower(index: number): boolean {
    const when = compiled.steps[index]?.when
    return when !== null && typeof when === 'object'
  }

  /** Writes a line for each step that stands differently now. */
  function note(before: RunState, after: RunState, at: number, grant: Scene | null): void {
    for (const [i, step] of after.steps.entries()) {
      const was = before.steps[i]
      if (was?.state === step.state && was.reason === step.reason) continue
      const atMs = at - EPOCH
      lines.push({
        at: formatDuration(atMs),
        atMs,
        step: step.id,
        state: step.state,
        grant,
        reason: step.reason ?? (step.state === 'sent' && asksFollower(i) ? 'depends-on-follower' : null),
      })
    }
  }
}

/** The plan of a follower of whom every condition is true. */
function withoutFacts(plan: Plan): Plan {
  return {
    ...plan,
    steps: plan.steps.map(({ needsAttributes: _facts, ...step }) => ({
      ...step,
      when: typeof step.when === 'object' ? null : step.when,
    })),
  }
}

/**
 * What WeChat will hold back, in sentences. Played twice: for a follower who says nothing, and for one who replies after
 * ten seconds; a step that goes in neither is held for everybody.
 */
export function previewWarnings(campaign: Campaign, rules: RulesProfileName): Issue[] {
  const play = (events: PreviewEvent[]) => previewCampaign({ campaign, rules, events })
  const silent = play([])
  const replying = play([{ atMs: 10_000, do: 'reply' }])
  const entry = campaign.entry.event
  const entryWord = { subscribe: 'follow', scan: 'scan', click: 'click', message: 'message' }[entry]
  const entryScene = entry === 'click' ? 'menu' : entry
  const allowance = RULES[rules].scenes[entryScene]
  const opens = allowance
    ? `${allowance.quota} messages for ${describeDuration(allowance.lifetimeMs)}`
    : 'nothing'
  return campaign.steps.flatMap((step, i): Issue[] => {
    const heldWhenSilent = silent.find((l) => l.step === step.id && l.reason === 'no-grant')
    const heldWhenReplying = replying.find((l) => l.step === step.id && l.reason === 'no-grant')
    const fate = step.ifLate === 'skip' ? 'it will be skipped' : 'it will be held'
    if (heldWhenSilent && step.since !== 'reply') {
      const when = describeDuration(heldWhenSilent.atMs)
      const message = `step ${step.id} is due ${when} after the ${entryWord}; under ${rules} a ${entryWord} opens ${opens}, so nothing may be sent then unless the follower has typed a message; ${fate}`
      return [{ path: `steps.${i}.after`, message }]
    }
    if (heldWhenReplying) {
      const quota = RULES[rules].scenes.message?.quota ?? 0
      const message = `step ${step.id} finds no message left: under ${rules} one typed message opens ${quota} messages; ${fate} until the follower types again`
      return [{ path: `steps.${i}`, message }]
    }
    return []
  })
}
