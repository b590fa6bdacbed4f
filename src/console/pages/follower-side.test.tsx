import { expect, it } from 'vitest'
import { modelOfItems, planOfItems } from '../../../test/harness/file-plan.ts'
import { ENTRY_AT, entryOf } from '../../../test/harness/run-simulation.ts'
import { settle } from '../../run/forks.ts'
import { presentRun } from '../../run/present.ts'
import { beginRun } from '../../run/run-events.ts'
import { ForksCard } from './follower-side.tsx'

const htmlOf = (items: string) => {
  const plan = planOfItems(items)
  const state = settle(plan, beginRun(plan, entryOf(), []), ENTRY_AT)
  const run = presentRun(state, { appId: 'wx1', openId: 'o1', runId: 'r1' }, plan)
  return String(<ForksCard forks={run.forks} models={[modelOfItems(items)]} />)
}

it('the page of a run shows the state of each fork, until when it waits, and the branch', () => {
  const html = htmlOf(`
- { id: half, branches: [{ name: 甲, share: 100, steps: [] }] }
- { id: ask, wait: 10h, branches: [{ name: 乙, on: { event: message }, steps: [] }] }
`)
  const rows = html
    .split('<tr')
    .slice(1)
    .filter((row) => row.includes('step-name'))
  expect(rows).toHaveLength(2)
  expect(rows[0]).toMatch(/第 1 步.*按比例分开（A\/B）：甲.*half.*已决定.*甲/s)
  expect(rows[1]).toContain('等待回应')
  expect(rows[1]).toContain(new Date(ENTRY_AT + 10 * 3_600_000).toISOString())
})

it('the page of a run says which branch was taken when, and why where no condition was asked', () => {
  const items = `
- { id: ask, wait: 10h, branches: [{ name: 乙, on: { event: message }, steps: [] }], else: [] }
- { id: gold, branches: [{ name: 金卡, when: { tag: 金卡 }, steps: [] }] }
`
  const state = (id: string, more: object) => ({
    ...{ id, state: 'taken', waitsFor: [], until: null, took: 'else', takenAt: null, reason: null },
    ...more,
  })
  const takenAt = new Date(ENTRY_AT).toISOString()
  const forks = [state('ask', { takenAt }), state('gold', { reason: 'attributes-unknown', takenAt })]
  const rows = String(<ForksCard forks={forks as never} models={[modelOfItems(items)]} />)
    .split('<tr')
    .slice(2)
    .map((row) => row.replaceAll(/<[^>]+>/g, ' '))
  expect(rows[0]).toMatch(/等待回复.*已决定.*没有回复/s)
  expect(rows[1]).toMatch(/已决定.*条件都不成立\s+无法获取粉丝资料/s)
})

it('the page of a run without forks has no table of forks', () => {
  expect(htmlOf('- { id: bye, send: { text: bye } }')).not.toContain('分支')
})
