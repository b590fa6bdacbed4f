import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { planOfItems } from '../harness/file-plan.ts'
import { waitFor } from '../harness/wait-for.ts'
import { startWorkflowHarness, type TestFollower, type WorkflowHarness } from '../harness/workflow-harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Forks of both kinds, one in the other, on the real Temporal server. */
const plan = planOfItems(`
- id: ask
  wait: 10h
  meanwhile: [{ id: hint, after: 20s, ifLate: skip, send: { text: hint } }]
  branches:
    - name: word
      on: { keywords: ['1'] }
      steps:
        - { id: gift, send: [{ text: a }, { text: b }] }
        - id: who
          branches: [{ name: vip, when: { tag: vip }, steps: [{ id: for-vip, after: 1m, send: { text: vip } }] }]
          else: [{ id: for-all, after: 1m, send: { text: all } }]
    - { name: tap, on: { keys: [menu-*] }, steps: [{ id: tapped, send: { text: tapped } }, end] }
  else: [{ id: silent, tag: [silent] }, end]
- { id: last, after: 5h, send: { text: last } }
`)
const sentSteps = (f: TestFollower) => f.sent.map((s) => `${s.stepId} ${s.paidBy}`)

let harness: WorkflowHarness
beforeAll(async () => {
  harness = await startWorkflowHarness(inject('temporalAddress'))
})
afterAll(() => harness?.close())

describe('a campaign with forks', () => {
  it.each([
    ['vip', ['vip'], 'for-vip'],
    ['not tagged', [], 'for-all'],
  ])('asks, is answered, and asks WeChat about the follower: %s', async (_, tags, step) => {
    const f = harness.follower()
    f.wechat.attributes = () => ({ attributes: { tags, qrScene: '', subscribeScene: '' } })
    await f.start(plan)
    await f.waitForState((s) => s.steps[0]?.dueAt !== null)
    await f.advance(HOUR)
    await f.interact('message', { text: 'what?' })
    await f.advance(MINUTE)
    expect(sentSteps(f)).toEqual(['hint subscribe'])
    await f.interact('message', { text: '1' })
    await f.advance(6 * HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(sentSteps(f)).toEqual([
      'hint subscribe',
      'gift message',
      'gift.2 message',
      `${step} message`,
      'last message',
    ])
  })

  it('takes the branch of a tap, and ends below it', async () => {
    const f = harness.follower()
    await f.start(plan)
    await f.advance(HOUR)
    await f.interact('menu', { eventKey: 'menu-3' })
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(sentSteps(f)).toEqual(['hint subscribe', 'tapped menu'])
  })

  it('takes else when nobody answers', async () => {
    const f = harness.follower()
    await f.start(plan)
    await f.advance(10 * HOUR + MINUTE)
    const { outcome, steps } = await f.outcome()
    expect(outcome).toBe('completed')
    expect(steps.filter((s) => s.state === 'sent').map((s) => s.id)).toEqual(['hint', 'silent'])
    expect(steps.find((s) => s.id === 'last')).toMatchObject({ state: 'skipped', reason: 'other-branch' })
  })
})

describe('news that no interaction brings', () => {
  const pay = planOfItems(`
- id: pay
  wait: 10h
  branches:
    - { name: paid, on: { facts: { paid: true } }, steps: [{ id: thanks, send: { text: '{{ fact.paid }}' } }] }
    - { name: vip, on: { tags: [vip] }, steps: [{ id: welcome, send: { text: vip } }] }
- { id: visit, since: { fact: visitAt }, before: 1h, send: { text: visit } }
`)

  it('takes the branch of a fact, and moves the step that is counted from another', async () => {
    const f = harness.follower()
    await f.start(pay, 'message')
    await f.advance(HOUR)
    await f.tell({ facts: { paid: false } })
    await f.advance(HOUR)
    expect(sentSteps(f)).toEqual([])
    await f.tell({ facts: { paid: true, visitAt: f.entryAt + 5 * HOUR } })
    await f.waitForState((s) => s.steps[0]?.state === 'sent')
    await f.advance(3 * HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(sentSteps(f)).toEqual(['thanks message', 'visit message'])
    expect(f.sent[1]?.afterMs).toBeGreaterThanOrEqual(4 * HOUR)
  })

  it('takes the branch of a tag, and ignores what is malformed', async () => {
    const f = harness.follower()
    await f.start(pay, 'message')
    await f.handle().signal('told', { key: 'x', at: 1, seq: 1, facts: { paid: null } })
    await f.tell({ tags: ['other', 'vip'] })
    await f.waitForState((s) => s.steps[1]?.state === 'sent')
    await f.handle().signal('cancel')
    expect(await f.outcome()).toMatchObject({ outcome: 'cancelled' })
    expect(sentSteps(f)).toEqual(['welcome message'])
    expect(f.records.at(-1)?.state.warnings).toEqual(['ignored a malformed told signal'])
  })
})

describe("a run's row in the store", () => {
  const asks = planOfItems(`
- id: ask
  wait: 10h
  branches: [{ name: yes, on: { keywords: ['1'] }, steps: [] }]
- id: pay
  wait: 20h
  branches: [{ name: paid, on: { facts: { paid: true } }, steps: [] }]
- { id: bye, after: 30h, send: { text: bye } }
`)
  const rowsOf = (f: TestFollower) =>
    f.records.map(({ state }) => [
      state.forks?.map((fork) => `${fork.state} ${fork.took}`).join(', '),
      state.own ?? {},
      state.haltedAt !== undefined,
    ])
  const waitForRows = (f: TestFollower, count: number) =>
    waitFor(() => f.records.length, { until: (n) => n >= count })

  it('has the fork that waits, the branch that was taken and the facts, as soon as the run waits again', async () => {
    const f = harness.follower()
    await f.start(asks, 'message')
    await waitForRows(f, 1)
    await f.interact('message', { text: 'what?' })
    await f.interact('message', { text: '1' })
    await waitForRows(f, 2)
    await f.tell({ facts: { paid: false } })
    await waitForRows(f, 3)
    await f.handle().signal('agentSession', { open: true, at: Math.floor(Date.now() / 1000) * 1000, seq: 1 })
    await waitForRows(f, 4)
    await f.handle().signal('pause')
    await waitForRows(f, 5)
    await f.handle().signal('cancel')
    await f.outcome()
    expect(rowsOf(f).slice(0, 4)).toEqual([
      ['waiting null, pending null', {}, false],
      ['taken 0, waiting null', {}, false],
      ['taken 0, waiting null', { paid: false }, false],
      ['taken 0, waiting null', { paid: false }, true],
    ])
    expect(f.records).toHaveLength(6)
  })
})

describe('what steps do besides messages', () => {
  const story = planOfItems(`
- { id: gift, send: { text: hi }, set: { gift: true }, webhook: crm }
- { id: note, after: 1m, set: { noted: 1 }, tag: [vip] }
- { id: check, after: 1m, when: { facts: { gift: true, noted: 1 } }, send: { text: both } }
- { id: move, after: 1m, go: next }
- { id: never, after: 1h, send: { text: never } }
`)

  it('is written with their results, and known to the run at once', async () => {
    const f = harness.follower()
    await f.start(story, 'message')
    await f.advance(HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed', reason: 'go next' })
    expect(sentSteps(f)).toEqual(['gift message', 'check message'])
    expect(f.acts).toMatchObject([
      { stepId: 'note', acts: { set: { noted: 1 } }, own: { gift: true, noted: 1 } },
      { stepId: 'move', acts: { go: 'next' } },
    ])
  })

  it('does not depend on WeChat, which may refuse the tags of the step', async () => {
    const f = harness.follower()
    f.wechat.tags = () => ({ result: 'refused', reason: 'tag-refused', errcode: 45058 })
    await f.start(story, 'message')
    await f.advance(HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed', reason: 'go next' })
    expect(f.acts.map((a) => a.stepId)).toEqual(['note', 'move'])
  })
})

describe('a step at a local time', () => {
  it('goes at that time of the next day', async () => {
    const morning = planOfItems(
      `
- { id: morning, day: 1, at: '09:00', send: { text: hi } }
- { id: later, after: 30m, send: { text: hi } }
`,
      { entry: { event: 'message' }, spread: '0s' },
    )
    const f = harness.follower()
    await f.start(morning, 'message')
    await f.advance(47 * HOUR)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    const utc8 = 8 * HOUR
    const midnight = Math.floor((f.entryAt + utc8) / (24 * HOUR)) * 24 * HOUR - utc8
    const dueAfter = midnight + 33 * HOUR - f.entryAt
    expect(f.sent.map((s) => s.stepId)).toEqual(['morning', 'later'])
    // The test's clock is advanced in steps; a send never comes before its time.
    expect(f.sent[0]?.afterMs).toBeGreaterThanOrEqual(dueAfter)
    expect(f.sent[0]?.afterMs).toBeLessThan(dueAfter + MINUTE)
  })
})
