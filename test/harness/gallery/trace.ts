import { stepsOf } from '../../../src/campaign/items.ts'
import type { Campaign } from '../../../src/campaign/model.ts'
import type { TimelineEntry } from '../../../src/campaign/simulation.ts'
import { timelineText } from '../../../src/campaign/timeline.ts'
import { type Plan, sendsNothing } from '../../../src/run/plan.ts'
import { branchOf } from '../../../src/run/plan-fork.ts'
import type { RunRow } from '../../../src/store/runs/run-rows.ts'
import { durationOf, type KeptLine } from './kept-timelines.ts'

/** What happened in a run, or should have: in the words of the timelines, with the time after the entry (ms). */
export interface Trace {
  /** `◇ ask → 领取`, in order. */
  forks: KeptLine[]
  /** `● gift sent`, in order. */
  steps: KeptLine[]
  /** `○ remind-1 skipped (late)`. A run does not keep when. */
  skipped: string[]
  /** `■ completed (left: last)` */
  end: KeptLine | null
}

/** Off the follower's way, which the line of the fork says. */
const OFF_THE_WAY = new Set<string | null>(['other-branch', 'wait-over'])

export function traceOfRun(plan: Plan, { state, outcome }: RunRow, entryAt: number): Trace {
  const forks = (state.forks ?? []).flatMap((fork, i) => {
    const planned = plan.forks?.[i]
    if (!planned || fork.took === null) return []
    const text = `◇ ${planned.id} → ${branchOf(planned, fork.took).name}`
    return [{ afterMs: (fork.takenAt ?? Number.NaN) - entryAt, text }]
  })
  const sent = state.steps.flatMap(({ id, state: how, sentAt }) =>
    how === 'sent' ? [{ afterMs: (sentAt ?? Number.NaN) - entryAt, text: `● ${id} sent` }] : [],
  )
  const skipped = state.steps.flatMap(({ id, state: how, reason }) =>
    how === 'skipped' && !OFF_THE_WAY.has(reason) && reason !== outcome
      ? [`○ ${id} skipped (${reason})`]
      : [],
  )
  const left = state.steps.flatMap((s) => (s.state === 'skipped' && s.reason === outcome ? [s.id] : []))
  const text = `■ ${outcome}${left.length > 0 ? ` (left: ${left.join(', ')})` : ''}`
  // A run begins by the real clock and is then moved to the follower's. One that has nothing to wait for is over before.
  const endedAfterMs = Math.max(0, (state.endedAt ?? Number.NaN) - entryAt)
  return {
    forks: inOrder(forks),
    steps: inOrder(sent),
    skipped: skipped.toSorted(),
    end: { afterMs: endedAfterMs, text },
  }
}

/** A preview in the words of the page. */
export function linesOf(timeline: readonly TimelineEntry[], entryAt: number): KeptLine[] {
  return timelineText(timeline, entryAt, () => '').flatMap((row) => {
    const [, after = '', text = ''] = /^ *\+(\S+) +([◇●○■].*)$/.exec(row) ?? []
    return text === '' ? [] : [{ afterMs: durationOf(after), text }]
  })
}

export function traceOfLines(lines: readonly KeptLine[]): Trace {
  const of = (mark: string) => lines.filter(({ text }) => text.startsWith(mark))
  return {
    forks: inOrder(of('◇')),
    steps: inOrder(of('●')),
    skipped: of('○')
      .map(({ text }) => text)
      .toSorted(),
    end: of('■')[0] ?? null,
  }
}

/** The messages of the steps that were sent, with their texts as regular expressions: `{{ … }}` is anything. */
export function expectedMessages(
  campaign: Campaign,
  plan: Plan,
  timeline: readonly TimelineEntry[],
  entryAt: number,
): { afterMs: number; step: string; kind: string; content: RegExp }[] {
  const messages = new Map(
    stepsOf(campaign).flatMap(({ step: { id, send } }) =>
      (send === undefined ? [] : Array.isArray(send) ? send : [send]).map(
        (message, i) => [i === 0 ? id : `${id}.${i + 1}`, message] as const,
      ),
    ),
  )
  return timeline.flatMap((l) => {
    if (l.line !== 'step' || l.state !== 'sent') return []
    const planned = plan.steps.find(({ id }) => id === l.step)
    const message = messages.get(l.step)
    if (!planned || sendsNothing(planned) || !message) return []
    const { text, news } = message as { text?: string; news?: { title: string } }
    const content = patternOf(text ?? news?.title ?? '')
    return [{ afterMs: l.at - entryAt, step: l.step, kind: planned.kind, content }]
  })
}

/** A text of a campaign file as a regular expression of what the follower reads. */
export function patternOf(template: string): RegExp {
  const parts = template.split(/\{\{.*?\}\}/s).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`)
}

const inOrder = (lines: readonly KeptLine[]): KeptLine[] => lines.toSorted((a, b) => a.afterMs - b.afterMs)

/** How two traces differ, a line each; empty when they are the same to this many ms. */
export function differences(found: Trace, expected: Trace, toleranceMs: number): string[] {
  return [
    ...lineDifferences(found.forks, expected.forks, toleranceMs),
    ...lineDifferences(found.steps, expected.steps, toleranceMs),
    ...textDifferences(found.skipped, expected.skipped),
    ...lineDifferences(found.end ? [found.end] : [], expected.end ? [expected.end] : [], toleranceMs),
  ]
}

function lineDifferences(
  found: readonly KeptLine[],
  expected: readonly KeptLine[],
  toleranceMs: number,
): string[] {
  const texts = textDifferences(
    found.map(({ text }) => text),
    expected.map(({ text }) => text),
  )
  if (texts.length > 0) return texts
  return expected.flatMap(({ afterMs, text }, i) => {
    const at = found[i]?.afterMs ?? Number.NaN
    return Math.abs(at - afterMs) <= toleranceMs
      ? []
      : [`${text}: after ${at / 1_000} s, and not after ${afterMs / 1_000} s`]
  })
}

function textDifferences(found: readonly string[], expected: readonly string[]): string[] {
  if (found.join('\n') === expected.join('\n')) return []
  return [`found ${found.join(' · ') || 'nothing'}, and not ${expected.join(' · ') || 'nothing'}`]
}
