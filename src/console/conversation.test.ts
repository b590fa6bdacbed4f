import { expect, it } from 'vitest'
import { modelOfItems, planOfItems } from '../../test/harness/file-plan.ts'
import { ENTRY_AT, entryOf } from '../../test/harness/run-simulation.ts'
import { beginRun } from '../run/run-events.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import { conversationOf } from './conversation.ts'

const ITEMS = `
- { id: first, after: 1h, since: entry, send: { text: "{{ account.name }}" } }
- { id: second, after: 2h, since: entry, ifLate: skip, send: { text: 二 } }
`
const ACCOUNT = {
  ...{ appId: 'wx1', name: '小鹿读书', timezone: 'Asia/Shanghai', variables: {}, keepTexts: null },
  rules: 'wechat-2023' as const,
}

it('what is planned without a grant is said to be held or skipped, by the ifLate of its step', () => {
  const state = beginRun(planOfItems(ITEMS), entryOf(), [])
  const grant = {
    scene: 'subscribe' as const,
    grantedAt: ENTRY_AT,
    quota: 3,
    used: 3,
    expiresAt: ENTRY_AT + 1,
  }
  const { future } = conversationOf({
    run: { state, entry: entryOf(), endedAt: null } as unknown as RunRow,
    steps: state.steps,
    ledger: [grant],
    events: [],
    campaign: modelOfItems(ITEMS),
    account: ACCOUNT,
    closesAt: ENTRY_AT + 86_400_000,
    now: ENTRY_AT,
    media: {},
  })
  const planned = future.flatMap((item) => (item.type === 'planned' ? [item] : []))
  expect(
    planned.map(({ step, content, paidBy, skipsIfLate }) => [step.id, content, paidBy, skipsIfLate]),
  ).toEqual([
    ['first', { kind: 'text', text: '小鹿读书' }, null, false],
    ['second', { kind: 'text', text: '二' }, null, true],
  ])
})
