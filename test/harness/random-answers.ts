import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { decide } from '../../src/run/decide.ts'
import type { Plan } from '../../src/run/plan.ts'
import { ENTRY_AT, type RunSimulation, type SendReply, type SendRequest } from './run-simulation.ts'

/** A random answer of WeChat to a request. Times in ms. */
export interface RandomAnswer {
  /** `simulateCap` decides about `capped`. */
  kind: Exclude<SendReply['result'], 'capped'>
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

/** Fails unless the rule holds. Far cheaper than `expect`, for the millions of checks of a property. */
export function mustHold(holds: boolean | undefined, rule: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${rule}`)
}

/** Each plan as it is after it was stored. A plan never changes. */
const storedPlans = new WeakMap<Plan, Plan>()

function storedPlanOf(plan: Plan): Plan {
  const stored = storedPlans.get(plan) ?? JSON.parse(JSON.stringify(plan))
  storedPlans.set(plan, stored)
  return stored
}

/** Expects the same decision from a stored copy of plan and state, and from the state that the decision returns. */
export function expectSameDecision(plan: Plan, run: RunSimulation): void {
  const now = ENTRY_AT + run.now
  const first = decide(plan, run.state, now)
  const copied = decide(storedPlanOf(plan), JSON.parse(JSON.stringify(run.state)), now)
  // Where only an undefined field differs, `expect` decides. It is slow.
  if (!isDeepStrictEqual(copied, first)) expect(copied).toEqual(first)
  const again = decide(plan, first.state, now)
  if (!isDeepStrictEqual(again.next, first.next)) expect(again.next).toEqual(first.next)
  mustHold(again.state === first.state, 'a decision changes no state twice')
  if (first.next.do === 'wait') mustHold(first.next.until > now, 'a wait ends later')
}
