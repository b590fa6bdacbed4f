import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import type { KnownRun, Reentry } from '../../dispatch/dispatch-context.ts'
import { NO_OPT_OUT_WORDS } from '../../dispatch/dispatch-context.ts'
import { planDispatch } from '../../dispatch/plan-dispatch.ts'
import type { Plan } from '../../run/plan.ts'
import { beginRun } from '../../run/run-events.ts'
import { endRun } from '../../run/state.ts'
import type { InboxRow } from '../../store/inbox/inbox-rows.ts'
import type { FollowerRow } from '../../store/runs/follower-rows.ts'
import { type ArrivingEvent, willStartRun } from './reply-eligibility.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const T0 = Date.parse('2026-11-23T08:00:00Z')
const PLAN: Plan = {
  campaign: 'welcome',
  version: 1,
  steps: [],
  spacingMs: 2_000,
  windowMs: 48 * 3_600_000,
  exitKeywords: ['td'],
}
const words = { ...NO_OPT_OUT_WORDS, isExit: (text: string) => text === 'TD' }
const LEASE = {
  answered: null,
  answeredDay: null,
  dispatchedAt: null,
  result: null,
  leaseOwnerId: null,
  leaseExpiresAt: null,
  retryAt: null,
  lastError: null,
}

type Act = 'subscribe' | 'unsubscribe' | 'text' | 'TD' | 'click' | 'erase'
const KIND_OF: Record<Act, { kind: string; scene: 'subscribe' | 'message' | 'menu' | null }> = {
  subscribe: { kind: 'subscribe', scene: 'subscribe' },
  unsubscribe: { kind: 'unsubscribe', scene: null },
  text: { kind: 'text', scene: 'message' },
  TD: { kind: 'text', scene: 'message' },
  click: { kind: 'click', scene: 'menu' },
  erase: { kind: 'erase', scene: null },
}
const ENTRY = { subscribe: 'subscribe', text: 'message', TD: 'message', click: 'click' } as const

/** A model of the store and the dispatcher for one follower. It plans with `planDispatch`. */
function followerModel(reentry: Reentry) {
  let follower: FollowerRow | null = null
  let runs: KnownRun[] = []
  let entries: Record<string, { at: number; outcome: string | null }> = {}
  const pending: InboxRow[] = []
  let id = 0
  return {
    /** An event arrives. @returns whether its reply is granted */
    arrive(act: Act, createTime: number): { key: string; granted: boolean } {
      const { kind, scene } = KIND_OF[act]
      const key = `k${++id}`
      const event = act in ENTRY ? ENTRY[act as keyof typeof ENTRY] : null
      const row: ArrivingEvent = {
        appId: 'wxA',
        openId: 'o1',
        dedupeKey: key,
        kind,
        createTime,
        receivedAt: createTime,
        event: {
          kind,
          scene,
          text: kind === 'text' ? act : null,
          qrScene: null,
          eventKey: null,
          start: event && { campaign: 'welcome', version: 1, event },
        },
        reply: event && { kind: 'text', content: 'hi' },
        entry: event && { plan: PLAN, reentry },
      }
      const granted = event !== null && willStartRun(row, { follower, runs, entries, pending }, words)
      const { entry: _, ...kept } = row
      pending.push({ ...kept, ...LEASE, id, attempts: 1 })
      return { key, granted }
    },
    /** Dispatches the oldest event. @returns the key of the run that it started */
    dispatchNext(): string | null {
      pending.sort((a, b) => a.createTime - b.createTime || a.id - b.id)
      const row = pending.shift()
      if (!row) return null
      const matched = row.event?.start ? { plan: PLAN, reentry } : null
      const { patch, action } = planDispatch({
        row,
        follower,
        runs,
        entries,
        rules: 'wechat-2023',
        matched,
        words,
      })
      if (action.do === 'erase') {
        follower = null
        runs = []
        entries = {}
        return null
      }
      const { appId, openId } = row
      const before = follower ?? ({ appId, openId } as FollowerRow)
      follower = { ...before, ...patch }
      if (action.do === 'unsubscribe') runs = runs.map((r) => ({ ...r, status: 'ended' as const }))
      const [newest] = runs
      if (newest && patch.optedOutAt) runs = [{ ...newest, status: 'ended' }, ...runs.slice(1)]
      if (action.do !== 'start' || !action.event.start) return null
      const { entry } = action.event.start
      const state = beginRun(PLAN, entry, action.ledger)
      runs = [
        { runKey: row.dedupeKey, campaign: PLAN.campaign, status: 'active', entry, plan: PLAN, state },
        ...runs,
      ]
      return row.dedupeKey
    },
    endRuns() {
      runs = runs.map((r) => {
        const state = endRun(beginRun(PLAN, r.entry, []), 'completed', null, T0)
        return { ...r, status: 'ended' as const, state: { ...state, seq: 1 } }
      })
    },
    /** The purge makes the runs anonymous, and may delete the follower's row. */
    purge(isFollowerKept: boolean) {
      const [newest] = runs.filter((r) => r.status === 'ended')
      if (newest) entries = { [newest.campaign]: { at: newest.entry.at, outcome: 'completed' } }
      runs = runs.filter((r) => r.status !== 'ended')
      if (!isFollowerKept && runs.length === 0) follower = null
    },
    pendingCount: () => pending.length,
  }
}

const acts = fc.constantFrom<Act>(
  'subscribe',
  'subscribe',
  'unsubscribe',
  'text',
  'text',
  'TD',
  'click',
  'erase',
)
const reentries = fc.constantFrom<Reentry>('always', 'never', { afterMs: 5_000 })

describe('a reply', () => {
  it('is granted exactly when the entry starts a run, if each event is dispatched before the next arrives', () => {
    const after = fc.constantFrom('goes on', 'ends', 'purged', 'purged with the follower')
    const sequences = fc.array(fc.tuple(acts, fc.nat(4), after), { maxLength: 25 })
    fc.assert(
      fc.property(reentries, sequences, (reentry, sequence) => {
        const model = followerModel(reentry)
        let at = T0
        for (const [act, later, next] of sequence) {
          at += later * 1_000
          const { key, granted } = model.arrive(act, at)
          expect(model.dispatchNext() === key).toBe(granted)
          if (next !== 'goes on') model.endRuns()
          if (next.startsWith('purged')) model.purge(next === 'purged')
        }
      }),
      { numRuns: propertyRuns(2_000) },
    )
  })

  it('is granted only to entries that start a run, however long events wait for the dispatcher', () => {
    const sequences = fc.array(fc.tuple(acts, fc.nat(4), fc.nat(3)), { maxLength: 25 })
    fc.assert(
      fc.property(reentries, sequences, (reentry, sequence) => {
        const model = followerModel(reentry)
        const granted = new Set<string>()
        const started = new Set<string>()
        const dispatch = (count: number) => {
          for (let i = 0; i < count; i++) {
            const key = model.dispatchNext()
            if (key) started.add(key)
          }
        }
        let at = T0
        for (const [act, later, dispatched] of sequence) {
          at += later * 1_000
          const arrival = model.arrive(act, at)
          if (arrival.granted) granted.add(arrival.key)
          dispatch(dispatched)
        }
        dispatch(model.pendingCount())
        for (const key of granted) expect(started).toContain(key)
      }),
      { numRuns: propertyRuns(2_000) },
    )
  })
})
