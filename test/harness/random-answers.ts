import { expect } from 'vitest'
import { decide } from '../../src/run/decide.ts'
import type { Plan } from '../../src/run/plan.ts'
import { ENTRY_AT, type RunSimulation, type SendReply, type SendRequest } from './run-simulation.ts'

/** A random answer of WeChat to a request. Times in ms. */
export interface RandomAnswer {
  kind: SendReply['result']
  durationMs: number
  /** Attempts whose result was unclear. Absent: none. */
  unclear?: number
}

/**
 * Limits a random answer to what the send activity can return: within the quota, failed only at the margin, one upload.
 * @param answer absent: the message is sent
 */
export function replyOf(
  answer: RandomAnswer | undefined,
  request: SendRequest,
  { maxUnclear, uploadedAgain }: { maxUnclear: number; uploadedAgain: boolean },
): SendReply {
  if (!answer) return { result: 'sent' }
  const { kind, durationMs } = answer
  const unclear = Math.min(answer.unclear ?? 0, maxUnclear)
  switch (kind) {
    case 'not-sent':
      return {
        result: kind,
        reason: 'busy',
        errcode: -1,
        durationMs: Math.max(0, Math.ceil(request.leftMs - 400)),
      }
    case 'unknown':
      return { result: kind, reason: 'time-out', durationMs, unclear: Math.max(1, unclear) }
    case 'media-expired':
      if (!uploadedAgain) return { result: kind, durationMs }
      return { result: 'refused', reason: 'medium refused', errcode: 40007, durationMs }
    case 'refused':
      return { result: kind, reason: 'bad', errcode: 45002, durationMs }
    case 'gone':
      return { result: kind, outcome: 'opted-out', errcode: 48002, durationMs }
    default:
      return { result: kind, durationMs, unclear }
  }
}

/** Expects the same decision from a stored copy of plan and state, and from the state that the decision returns. */
export function expectSameDecision(plan: Plan, run: RunSimulation): void {
  const now = ENTRY_AT + run.now
  const first = decide(plan, run.state, now)
  const copy = JSON.parse(JSON.stringify({ plan, state: run.state }))
  expect(decide(copy.plan, copy.state, now)).toEqual(first)
  const again = decide(plan, first.state, now)
  expect(again.next).toEqual(first.next)
  expect(again.state).toBe(first.state)
  if (first.next.do === 'wait') expect(first.next.until, 'a wait ends later').toBeGreaterThan(now)
}
