import { describe, expect, it } from 'vitest'
import { ENTRY_AT, entryOf, planOf } from '../../../test/harness/run-simulation.ts'
import { beginRun } from '../../run/run-events.ts'
import type { RunRow } from '../../store/runs/run-rows.ts'
import { followerItem } from '../schemas/follower-schemas.ts'
import { viewRun } from './follower-view.ts'

const plan = planOf([{ id: 'hint', afterMs: 20_000 }])
const entry = entryOf()
const row = (runId: string | null): RunRow => ({
  runKey: entry.key,
  appId: 'wx1',
  openId: 'o1',
  campaign: plan.campaign,
  version: plan.version,
  runId,
  status: 'active',
  outcome: null,
  entry,
  plan,
  state: beginRun(plan, entry, []),
  revision: 0,
  startedAt: ENTRY_AT,
  endedAt: null,
  createdAt: ENTRY_AT,
  updatedAt: ENTRY_AT,
})

describe('a run that Temporal has not started', () => {
  it.each([null, ''])('has no run id (stored as %j)', (stored) => {
    const { ledger: _, steps: __, ...item } = viewRun(row(stored), [], null)
    expect(item.runId).toBe(null)
    expect(followerItem.safeParse(item).success).toBe(true)
  })

  it('has a run id once it is started', () => {
    expect(viewRun(row('r1'), [], null).runId).toBe('r1')
  })
})
