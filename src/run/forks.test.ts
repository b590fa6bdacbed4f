import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { ENTRY_AT, type RunSimulation, simulateRun } from '../../test/harness/run-simulation.ts'
import type { Facts } from '../shared/facts.ts'
import type { Plan } from './plan.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Each decided fork, as `ask → yes`. */
function taken(plan: Plan, run: RunSimulation): string[] {
  return (run.state.forks ?? []).flatMap((fork, i) => {
    const planned = plan.forks?.[i]
    if (!planned || fork.took === null) return []
    return [`${planned.id} → ${(planned.branches[fork.took] ?? planned.otherwise).name}`]
  })
}
const sentIds = (run: RunSimulation) => run.sent.map((line) => line.split(' ')[1])

const ask = planOfItems(`
- id: ask
  wait: 1h
  meanwhile: [{ id: hint, after: 20s, ifLate: skip, send: { text: hint } }]
  branches:
    - { name: yes, on: { keywords: ['1'] }, steps: [{ id: gift, send: { text: gift } }] }
    - { name: other, on: { event: message }, steps: [{ id: talk, send: { text: talk } }, end] }
  else: [end]
- { id: after, after: 1m, send: { text: after } }
`)

describe('an open wait', () => {
  it('takes the first branch from the top that fits, once', () => {
    const run = simulateRun(ask)
    run.runUntil(30 * SECOND)
    run.sendText('1')
    run.runUntil(40 * SECOND)
    run.sendText('hello')
    run.runUntil(2 * HOUR)
    expect(run.sent).toEqual(['20s hint subscribe', '30s gift subscribe', '90s after message'])
    expect(taken(ask, run)).toEqual(['ask → yes'])
    expect(run.step('talk')).toMatchObject({ state: 'skipped', reason: 'other-branch' })
  })

  it('skips what was planned for the time without an answer', () => {
    const run = simulateRun(ask)
    run.runUntil(5 * SECOND)
    run.sendText('1')
    run.runUntil(MINUTE)
    expect(run.step('hint')).toMatchObject({ state: 'skipped', reason: 'wait-over' })
  })

  it('ends the run below a branch that ends, once the branch is done', () => {
    const run = simulateRun(ask)
    run.runUntil(5 * SECOND)
    run.sendText('what?')
    run.runUntil(MINUTE)
    expect(sentIds(run)).toEqual(['talk'])
    expect(run.state).toMatchObject({ status: 'ended', outcome: 'completed' })
    expect(run.step('after')).toMatchObject({ state: 'skipped', reason: 'other-branch' })
  })

  it('takes else when its time is over, and no later answer changes that', () => {
    const run = simulateRun(ask)
    run.runUntil(HOUR - 1)
    expect(taken(ask, run)).toEqual([])
    run.runUntil(HOUR)
    expect(taken(ask, run)).toEqual(['ask → else'])
    expect(run.state.outcome).toBe('completed')
  })

  it('is answered by an event of its time that arrives late, but not by one of after it', () => {
    const plan = planOfItems(`
- id: ask
  wait: 10m
  branches: [{ name: yes, on: { event: message }, steps: [] }]
- { id: after, after: 1h, send: { text: after } }
`)
    const late = simulateRun(plan)
    late.runUntil(9 * MINUTE)
    late.sendText('1', 8 * MINUTE)
    expect(taken(plan, late)).toEqual(['ask → yes'])
    expect(late.state.forks?.[0]?.takenAt).toBe(ENTRY_AT + 8 * MINUTE)
    const over = simulateRun(plan)
    over.runUntil(11 * MINUTE)
    over.sendText('1', 9 * MINUTE)
    expect(taken(plan, over)).toEqual(['ask → else'])
  })

  it('is not changed by what fits no branch, and not by the entry', () => {
    const plan = planOfItems(
      `
- id: ask
  wait: 10m
  branches: [{ on: { keywords: ['1', go] }, steps: [] }]
- { id: after, send: { text: after } }
`,
      { entry: { event: 'message', keywords: ['go'] } },
    )
    const run = simulateRun(plan, { event: 'message' })
    run.runUntil(MINUTE)
    run.sendText('2')
    expect(taken(plan, run)).toEqual([])
  })

  it('is answered at once by facts that are set already', () => {
    const plan = planOfItems(`
- { id: hello, send: { text: hello } }
- id: paid
  wait: 10m
  branches: [{ name: yes, on: { facts: { paid: true, items: { atLeast: 2 } } }, steps: [] }]
- { id: after, send: { text: after } }
`)
    const run = simulateRun(plan, { known: { own: { paid: 'true', items: '3' } } })
    run.runUntil(SECOND)
    expect(taken(plan, run)).toEqual(['paid → yes'])
    const later = simulateRun(plan, { known: { own: { paid: true } } })
    later.runUntil(SECOND)
    expect(taken(plan, later)).toEqual([])
    later.tell({ facts: { items: 2 } })
    expect(taken(plan, later)).toEqual(['paid → yes'])
  })

  it('is answered by facts that were set before the question and arrive after it', () => {
    const plan = planOfItems(`
- { id: hello, after: 1m, send: { text: hello } }
- id: paid
  wait: 10m
  branches:
    - { name: yes, on: { facts: { paid: true } }, steps: [] }
    - { name: any, on: { event: fact }, steps: [] }
- { id: after, after: 1h, send: { text: after } }
`)
    const late = (facts: Facts, at: number) => {
      const run = simulateRun(plan)
      run.runUntil(2 * MINUTE)
      run.tell({ facts }, at)
      return taken(plan, run)
    }
    expect(late({ paid: true }, 30 * SECOND)).toEqual(['paid → yes'])
    expect(late({ other: true }, 30 * SECOND)).toEqual([])
    expect(late({ other: true }, 90 * SECOND)).toEqual(['paid → any'])
    expect(late({ paid: true }, 12 * MINUTE)).toEqual(['paid → else'])
  })

  it('takes the menu key, the scene, the tag and the link of its branch', () => {
    const plan = planOfItems(`
- id: ask
  wait: 1h
  branches:
    - { name: key, on: { keys: [buy*] }, steps: [] }
    - { name: tag, on: { tags: [vip] }, steps: [] }
    - { name: link, on: { links: [guide] }, steps: [] }
- { id: after, after: 50h, send: { text: after } }
`)
    const takenAfter = (event: (run: RunSimulation) => void) => {
      const run = simulateRun(plan)
      run.runUntil(SECOND)
      event(run)
      return taken(plan, run)
    }
    expect(takenAfter((run) => run.clickMenu(run.now, 'buy-1'))).toEqual(['ask → key'])
    expect(takenAfter((run) => run.clickMenu(run.now, 'sell'))).toEqual([])
    expect(takenAfter((run) => run.tell({ tags: ['new', 'vip'] }))).toEqual(['ask → tag'])
    expect(takenAfter((run) => run.tell({ link: 'guide' }))).toEqual(['ask → link'])
    expect(takenAfter((run) => run.tell({ link: 'other' }))).toEqual([])
  })
})

describe('a question', () => {
  const question = planOfItems(`
- { id: question, after: 10s, send: { text: question } }
- id: ask
  wait: 1h
  branches: [{ name: yes, on: { event: message }, steps: [{ id: thanks, send: { text: thanks } }] }]
- { id: after, send: { text: after } }
`)

  it('is not answered by a message before it', () => {
    const run = simulateRun(question)
    run.runUntil(5 * SECOND)
    run.sendText('early')
    run.runUntil(MINUTE)
    expect(taken(question, run)).toEqual([])
  })

  it('is answered by a message that overtakes its confirmation', () => {
    const run = simulateRun(question)
    run.answerSends(
      { result: 'sent', durationMs: 5 * SECOND, meanwhile: () => run.sendText('quick', 12 * SECOND) },
      { result: 'sent' },
    )
    run.runUntil(MINUTE)
    expect(taken(question, run)).toEqual(['ask → yes'])
    expect(sentIds(run)).toEqual(['question', 'thanks', 'after'])
    expect(run.state.answer).toBe('quick')
  })

  it('that is held is not answered by the message that releases it', () => {
    const plan = planOfItems(`
- { id: question, after: 5m, send: { text: question } }
- { id: ask, wait: 1h, branches: [{ name: yes, on: { event: message }, steps: [] }] }
- { id: after, after: 50h, send: { text: after } }
`)
    const run = simulateRun(plan)
    run.runUntil(10 * MINUTE)
    expect(run.step('question')).toMatchObject({ state: 'held', reason: 'no-grant' })
    run.sendText('are you there?')
    run.runUntil(11 * MINUTE)
    expect(run.step('question').state).toBe('sent')
    expect(taken(plan, run)).toEqual([])
    expect(run.state.forks?.[0]).toMatchObject({ state: 'waiting', openedAt: ENTRY_AT + 10 * MINUTE })
    run.sendText('yes')
    expect(taken(plan, run)).toEqual(['ask → yes'])
  })

  it('below a fork is not answered by the message that decided the fork', () => {
    const plan = planOfItems(`
- { id: first, wait: 1h, branches: [{ name: yes, on: { keywords: ['1'] }, steps: [] }] }
- { id: second, wait: 1h, branches: [{ name: any, on: { event: message }, steps: [] }] }
- { id: after, after: 50h, send: { text: after } }
`)
    const run = simulateRun(plan)
    run.runUntil(SECOND)
    run.sendText('hello')
    run.runUntil(2 * SECOND)
    run.sendText('1')
    run.runUntil(3 * SECOND)
    expect(taken(plan, run)).toEqual(['first → yes'])
    run.sendText('1')
    expect(taken(plan, run)).toEqual(['first → yes', 'second → any'])
  })
})

describe('a wait during a session with a human agent', () => {
  it('is not answered by a tap, and its time stands still', () => {
    const plan = planOfItems(`
- id: ask
  wait: 1h
  branches: [{ name: tap, on: { keys: [a] }, steps: [] }]
- { id: after, after: 50h, send: { text: after } }
`)
    const run = simulateRun(plan)
    run.runUntil(10 * MINUTE)
    run.agentSession(true)
    run.runUntil(20 * MINUTE)
    run.clickMenu(run.now, 'a')
    run.runUntil(30 * MINUTE)
    run.agentSession(false)
    run.runUntil(HOUR + 19 * MINUTE)
    expect(taken(plan, run)).toEqual([])
    run.runUntil(HOUR + 20 * MINUTE)
    expect(taken(plan, run)).toEqual(['ask → else'])
  })

  it('is answered by a message that ends the session', () => {
    const run = simulateRun(ask)
    run.runUntil(MINUTE)
    run.agentSession(true)
    run.runUntil(2 * MINUTE)
    run.sendText('1')
    expect(taken(ask, run)).toEqual(['ask → yes'])
  })
})

describe('a wait during a pause', () => {
  it('is answered, and its time stands still', () => {
    const run = simulateRun(ask)
    run.runUntil(10 * MINUTE)
    run.pause(true)
    run.runUntil(3 * HOUR)
    expect(taken(ask, run)).toEqual([])
    run.sendText('1')
    expect(taken(ask, run)).toEqual(['ask → yes'])
    const resumed = simulateRun(ask)
    resumed.runUntil(10 * MINUTE)
    resumed.pause(true)
    resumed.runUntil(3 * HOUR)
    resumed.pause(false)
    resumed.runUntil(3 * HOUR + 50 * MINUTE - 1)
    expect(taken(ask, resumed)).toEqual([])
    resumed.runUntil(3 * HOUR + 50 * MINUTE)
    expect(taken(ask, resumed)).toEqual(['ask → else'])
  })
})

describe('a step that is being sent when its wait ends', () => {
  it('is skipped when the request fails', () => {
    const plan = planOfItems(`
- id: ask
  wait: 1h
  meanwhile: [{ id: hint, after: 20s, send: { text: hint } }]
  branches: [{ name: yes, on: { event: message }, steps: [] }]
- { id: after, after: 50h, send: { text: after } }
`)
    const run = simulateRun(plan)
    run.answerSends({ result: 'media-expired', durationMs: SECOND, meanwhile: () => run.sendText('1') })
    run.runUntil(MINUTE)
    expect(run.step('hint')).toMatchObject({ state: 'skipped', reason: 'wait-over' })
  })
})

describe('a fork by a condition', () => {
  const plan = planOfItems(`
- id: who
  branches:
    - { name: vip, when: { tag: [vip, gold] }, steps: [{ id: for-vip, send: { text: a } }] }
    - { name: paid, when: { facts: { paid: true }, not: { replied: true } }, steps: [{ id: for-paid, send: { text: b } }] }
  else: [{ id: for-all, send: { text: c } }]
- { id: after, send: { text: after } }
`)

  it('asks for the attributes once, and takes the first branch that holds', () => {
    const run = simulateRun(plan)
    run.follower.attributes = { attributes: { tags: ['gold'], qrScene: '', subscribeScene: '' } }
    run.runUntil(SECOND)
    expect(sentIds(run)).toEqual(['for-vip', 'after'])
    expect(run.follower.attributeRequests).toBe(1)
  })

  it('takes else when no condition holds', () => {
    const run = simulateRun(plan)
    run.runUntil(SECOND)
    expect(sentIds(run)).toEqual(['for-all', 'after'])
  })

  it('goes on with the next branch when a condition does not hold', () => {
    const run = simulateRun(plan, { known: { own: { paid: true } } })
    run.runUntil(SECOND)
    expect(sentIds(run)).toEqual(['for-paid', 'after'])
  })

  it('takes else when WeChat does not answer, and says so', () => {
    const run = simulateRun(plan, { known: { own: { paid: true } } })
    run.follower.attributes = { unknown: 'no answer', errcode: -1 }
    run.runUntil(SECOND)
    expect(sentIds(run)).toEqual(['for-all', 'after'])
    expect(run.state.forks?.[0]).toMatchObject({ took: -1, reason: 'attributes-unknown' })
  })

  it('compares the entry, the reply and earlier campaigns without WeChat', () => {
    const local = planOfItems(`
- id: who
  branches:
    - { name: back, when: { campaign: { other: completed, third: never } }, steps: [] }
    - { name: scan, when: { entry: [{ event: scan }, { event: message }] }, steps: [] }
  else: []
- { id: after, send: { text: after } }
`)
    const follow = simulateRun(local)
    follow.runUntil(0)
    expect(taken(local, follow)).toEqual(['who → else'])
    const back = simulateRun(local, { known: { history: { other: 'completed' } } })
    back.runUntil(0)
    expect(taken(local, back)).toEqual(['who → back'])
    const scan = simulateRun(local, {
      event: 'scan',
      known: { history: { other: 'completed', third: null } },
    })
    scan.runUntil(0)
    expect(taken(local, scan)).toEqual(['who → scan'])
  })
})

describe('a fork by shares', () => {
  const plan = planOfItems(`
- id: test
  branches: [{ name: a, share: 45, steps: [] }, { name: b, share: 45, steps: [] }]
- { id: after, send: { text: after } }
`)
  const branchOfSeed = (seed: number) => {
    const run = simulateRun(plan, { known: { seed } })
    run.runUntil(0)
    return taken(plan, run)[0] ?? ''
  }

  it('takes the same branch for the same follower', () => {
    for (let seed = 0; seed < 20; seed++) expect(branchOfSeed(seed)).toBe(branchOfSeed(seed))
  })

  it('gives each branch its share of the followers', () => {
    const counts = { a: 0, b: 0, else: 0 }
    for (let seed = 0; seed < 4_000; seed++)
      counts[branchOfSeed(seed).replace('test → ', '') as keyof typeof counts]++
    // Five standard deviations of 4,000 draws.
    expect(Math.abs(counts.a - 1_800)).toBeLessThan(160)
    expect(Math.abs(counts.b - 1_800)).toBeLessThan(160)
    expect(Math.abs(counts.else - 400)).toBeLessThan(95)
  })
})

describe('steps below forks', () => {
  it('count from the last item of the branch that was taken, and wait for forks inside it', () => {
    const plan = planOfItems(`
- id: outer
  wait: 1h
  branches:
    - name: in
      on: { event: message }
      steps:
        - { id: one, after: 30s, send: { text: one } }
        - id: inner
          wait: 10m
          branches: [{ name: yes, on: { keywords: [ok] }, steps: [{ id: two, after: 20s, send: { text: two } }] }]
  else: []
- { id: early, since: entry, after: 2m, ifLate: skip, send: { text: early } }
- { id: last, after: 10s, send: { text: last } }
`)
    const run = simulateRun(plan)
    run.runUntil(10 * SECOND)
    run.sendText('hi')
    run.runUntil(5 * MINUTE)
    expect(sentIds(run)).toEqual(['one'])
    run.sendText('ok')
    run.runUntil(10 * MINUTE)
    expect(run.step('early')).toMatchObject({ state: 'skipped', reason: 'late' })
    // `last` is planned 10 s after `early`, which was planned for long ago: it goes with the decision.
    expect(run.sent.slice(1)).toEqual(['300s last message', '320s two message'])
  })
})

describe('several messages in a step', () => {
  const three = planOfItems(`
- { id: gift, when: replied, send: [{ text: a }, { text: b }, { text: c }], tag: [done] }
- { id: more, send: [{ text: d }, { text: e }] }
`)

  it('are skipped together', () => {
    const run = simulateRun(three)
    run.runUntil(SECOND)
    expect(run.steps().slice(0, 3)).toEqual([
      'gift skipped not-replied',
      'gift.2 skipped not-replied',
      'gift.3 skipped not-replied',
    ])
    expect(sentIds(run)).toEqual(['more', 'more.2'])
    expect(run.follower.tagged).toEqual([])
  })

  it('are held from where the grant is used up, and tag after the last', () => {
    const plan = planOfItems(`
- { id: gift, send: [{ text: a }, { text: b }, { text: c }, { text: d }, { text: e }], ifLate: skip, tag: [done] }
`)
    const run = simulateRun(plan)
    run.runUntil(MINUTE)
    expect(run.steps().slice(2)).toEqual(['gift.3 sent', 'gift.4 held no-grant', 'gift.5 held no-grant'])
    expect(run.follower.tagged).toEqual([])
    run.sendText('hi')
    run.runUntil(2 * MINUTE)
    expect(sentIds(run)).toHaveLength(5)
    expect(run.follower.tagged).toEqual(['62s gift.5'])
  })
})

describe('actions of a step', () => {
  it('set facts that a later fork and a later time read', () => {
    const plan = planOfItems(`
- { id: mark, set: { model: water }, send: { text: a } }
- { id: which, branches: [{ name: water, when: { facts: { model: [water, robot] } }, steps: [] }] }
- { id: note, after: 10s, set: { seen: true } }
`)
    const run = simulateRun(plan)
    run.runUntil(MINUTE)
    expect(taken(plan, run)).toEqual(['which → water'])
    expect(run.state.own).toEqual({ model: 'water', seen: true })
    expect(run.state.outcome).toBe('completed')
  })

  it('end the run where it goes to another campaign', () => {
    const plan = planOfItems(`
- { id: bye, send: { text: bye }, go: other }
- { id: after, after: 1h, send: { text: after } }
`)
    const run = simulateRun(plan)
    run.runUntil(MINUTE)
    expect(run.state).toMatchObject({ outcome: 'completed', reason: 'go other' })
    expect(sentIds(run)).toEqual(['bye'])
  })
})

describe('a goal', () => {
  it('ends the run before a wait sees the event', () => {
    const plan = planOfItems(
      `
- { id: ask, wait: 1h, branches: [{ name: any, on: { event: message }, steps: [{ id: gift, send: { text: a } }] }] }
- { id: after, send: { text: after } }
`,
      { goal: { on: { keywords: ['bought'] } } },
    )
    const run = simulateRun(plan)
    run.runUntil(SECOND)
    run.sendText('bought')
    run.runUntil(MINUTE)
    expect(run.state.outcome).toBe('goal-reached')
    expect(taken(plan, run)).toEqual([])
    expect(run.steps()).toEqual(['gift skipped goal-reached', 'after skipped goal-reached'])
  })
})
