import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../../test/harness/file-plan.ts'
import { ENTRY_AT, entryOf, planOf } from '../../../test/harness/run-simulation.ts'
import { settle } from '../../run/forks.ts'
import { beginRun } from '../../run/run-events.ts'
import type { RunRow } from '../../store/runs/run-rows.ts'
import { follower, followerItem } from '../schemas/follower-schemas.ts'
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
  entryDay: null,
  scenePattern: null,
  tally: null,
  tallyRevision: null,
  lastDoneAt: null,
  clicks: null,
  unfollowedAt: null,
  closesAt: null,
  reasons: null,
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

describe('a run with forks', () => {
  const forked = planOfItems(`
- id: ask
  wait: 10h
  branches:
    - { name: word, on: { keywords: ['1'], match: prefix }, steps: [] }
    - { name: any, on: [{ facts: { paid: [true, 1] } }, { links: [guide] }, { tags: [vip] }], steps: [] }
- id: who
  branches: [{ name: half, share: 50, steps: [] }]
`)
  const state = settle(forked, beginRun(forked, entry, []), ENTRY_AT)
  const asked = { ...row('r1'), state }

  it('has forks as the OpenAPI document describes them', () => {
    const { forks } = viewRun(asked, [], null, forked)
    expect(forks?.map((f) => [f.id, f.state, f.waitsFor.length])).toEqual([
      ['ask', 'waiting', 2],
      ['who', 'pending', 0],
    ])
    expect(follower.shape.forks.parse(forks)).toEqual(forks)
  })

  it('has none when its campaign version cannot be read', () => {
    expect(viewRun(asked, [], null)).not.toHaveProperty('forks')
  })
})
