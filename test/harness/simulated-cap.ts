import fc from 'fast-check'
import { expect } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/shared/time-units.ts'
import { ENTRY_AT, type SendReply, type SendRequest } from './run-simulation.ts'

/** An account's cap of unasked messages. */
export interface SimulatedCap {
  messages: number
  perMs: number
  /** When other runs of the follower sent unasked messages, ms since the entry. */
  others: readonly number[]
}

/** Half of the accounts have a cap. */
export const caps: fc.Arbitrary<SimulatedCap | null> = fc.option(
  fc.record({
    messages: fc.integer({ min: 1, max: 3 }),
    perMs: fc.constantFrom(10 * MINUTE_MS, HOUR_MS, 20 * HOUR_MS, 3 * DAY_MS),
    others: fc.array(fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }), { maxLength: 4 }),
  }),
  { freq: 1, nil: null },
)

/**
 * The store's side of an account's cap, written once more: an unasked message goes if fewer than `messages` were requested in
 * the period before. Throws when a run asks again before the time that it was told.
 */
export function simulateCap(cap: SimulatedCap | null) {
  const counted = [...(cap?.others ?? [])]
  let heldUntil = Number.NEGATIVE_INFINITY
  return {
    /** The refusal of a request; null when it may go. */
    refusalOf({ at, unasked }: SendRequest): Extract<SendReply, { result: 'capped' }> | null {
      if (!cap || unasked === undefined || unasked === 'anytime') return null
      if (unasked === 'hold')
        expect(at, 'nothing is held by the cap and asks again before its time').toBeGreaterThanOrEqual(
          heldUntil,
        )
      const inPeriod = counted.filter((sent) => sent > at - cap.perMs && sent <= at).sort((a, b) => b - a)
      const oldest = inPeriod[cap.messages - 1]
      if (oldest === undefined) return null
      const until = unasked === 'skip' ? null : ENTRY_AT + oldest + cap.perMs
      return { result: 'capped', until }
    },
    answered({ at, unasked }: SendRequest, reply: SendReply): void {
      const { result, unclear = 0 } = reply
      if (unasked !== undefined && (result === 'sent' || result === 'unknown' || unclear > 0))
        counted.push(at)
      if (result === 'capped' && unclear === 0 && reply.until !== null) heldUntil = reply.until - ENTRY_AT
    },
  }
}
