import { describe, expect, it } from 'vitest'
import { grantOf, planOf, type SendReply, simulateRun } from '../../test/harness/run-simulation.ts'
import { applySendResult, beginSend, type SendResult } from './send-result.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const sent: SendReply = { result: 'sent' }
const windowOver: SendReply = { result: 'window-over' }
const quotaUsed: SendReply = { result: 'quota-used' }

/** One step that hangs on the reply, and a follower who replies after ten seconds: follow and message can pay. */
function replied(...answers: SendReply[]) {
  const run = simulateRun(planOf([{ id: 'gift', afterMs: 0, since: 'reply' }]))
  run.runUntil(10 * SECOND)
  run.answerSends(...answers)
  run.sendText('1')
  run.runUntil(20 * SECOND)
  return run
}
const payers = (run: ReturnType<typeof simulateRun>) => run.requests.map((r) => r.grant.scene)

describe('a message that was sent', () => {
  it('counts once against the grant that paid', () => {
    const run = replied(sent)
    expect(run.step('gift')).toMatchObject({ state: 'sent', reason: null, errcode: null })
    expect(grantOf(run.state, 'subscribe')?.used).toBe(1)
    expect(grantOf(run.state, 'message')?.used).toBe(0)
  })

  it('counts with each attempt of which nobody knows', () => {
    expect(grantOf(replied({ result: 'sent', unclear: 1 }).state, 'subscribe')?.used).toBe(2)
  })

  it('does not count against a newer grant of the same scene that came meanwhile', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: MINUTE + SECOND },
        { id: 'b', afterMs: 10 * HOUR },
      ]),
    )
    run.runUntil(30 * SECOND)
    run.sendText()
    run.answerSends({ ...sent, durationMs: SECOND, meanwhile: () => run.sendText('more') }, sent)
    run.runUntil(2 * MINUTE)
    expect(run.step('a').state).toBe('sent')
    expect(grantOf(run.state, 'message')).toMatchObject({ used: 0, quota: 5 })
  })

  it('stays sent when the follower left meanwhile, and brings no grant back', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 0 },
        { id: 'b', afterMs: SECOND },
      ]),
    )
    run.answerSends({ ...sent, durationMs: 500, meanwhile: () => run.unfollow() })
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a sent', 'b skipped unsubscribed'])
    expect(run.state.ledger).toEqual([])
  })
})

describe('45015, time is over', () => {
  it('closes every grant that existed when the request left: the step is held', () => {
    const run = replied(windowOver)
    expect(payers(run)).toEqual(['subscribe'])
    expect(run.step('gift')).toMatchObject({ state: 'held', reason: 'no-grant', errcode: 45015 })
    expect(run.state.ledger.every((g) => g.expiresAt === run.state.entry.at + 10 * SECOND)).toBe(true)
  })

  it('leaves the next message to release it', () => {
    const run = replied(windowOver, sent)
    run.sendText('2')
    run.runUntil(MINUTE)
    expect(payers(run)).toEqual(['subscribe', 'message'])
    expect(run.step('gift')).toMatchObject({ state: 'sent', errcode: null })
  })

  it('spares a grant of another scene that came meanwhile, which pays at once', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 20 * SECOND }]))
    run.answerSends({ ...windowOver, durationMs: SECOND, meanwhile: () => run.sendText() }, sent)
    run.runUntil(MINUTE)
    expect(run.requests.map((r) => [r.at / SECOND, r.grant.scene])).toEqual([
      [20, 'subscribe'],
      [21, 'message'],
    ])
  })

  it('spares a newer grant of the same scene', () => {
    const run = replied(windowOver)
    run.sendText('2')
    run.answerSends(
      {
        ...windowOver,
        durationMs: SECOND,
        meanwhile: () => run.sendText('3', 20_500),
      },
      sent,
    )
    run.runUntil(MINUTE)
    expect(run.requests.slice(1).map((r) => [r.at / SECOND, r.grant.grantedAt - run.state.entry.at])).toEqual(
      [
        [20, 20_000],
        [21, 20_500],
      ],
    )
    expect(run.step('gift').state).toBe('sent')
  })

  it('skips a step that is not to be late', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: SECOND, ifLate: 'skip' }]))
    run.answerSends(windowOver)
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a skipped no-grant'])
  })

  it('after an unclear attempt ends the step as unknown: it is never held', () => {
    const run = replied({ ...windowOver, unclear: 1 })
    expect(run.steps()).toEqual(['gift unknown window-over'])
    expect(run.state.outcome).toBe('completed')
  })
})

describe('45047, the quota is used up', () => {
  it('empties the grant that paid; another valid one pays at once', () => {
    const run = replied(quotaUsed, sent)
    expect(run.requests.map((r) => [r.at / SECOND, r.grant.scene])).toEqual([
      [10, 'subscribe'],
      [10, 'message'],
    ])
    expect(grantOf(run.state, 'subscribe')).toMatchObject({ used: 3, quota: 3 })
    expect(run.step('gift').state).toBe('sent')
  })

  it('lets another pay at once, also right after a held step was released', () => {
    const steps = [
      { id: 'held', afterMs: 2 * MINUTE },
      { id: 'next', afterMs: 10 * MINUTE + 5 * SECOND },
    ]
    const run = simulateRun(planOf(steps, { spacingMs: HOUR }))
    run.runUntil(10 * MINUTE)
    run.sendText()
    run.clickMenu()
    run.answerSends(sent, quotaUsed, sent)
    run.runUntil(11 * MINUTE)
    expect(run.requests.map((r) => [r.step, r.at / SECOND, r.grant.scene])).toEqual([
      ['held', 600, 'menu'],
      ['next', 605, 'menu'],
      ['next', 605, 'message'],
    ])
  })

  it('of every grant leaves the step held', () => {
    const run = replied(quotaUsed)
    expect(payers(run)).toEqual(['subscribe', 'message'])
    expect(run.step('gift')).toMatchObject({ state: 'held', reason: 'no-grant', errcode: 45047 })
  })

  it('spares a newer grant of the same scene that came meanwhile', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 2 * MINUTE }]))
    run.runUntil(MINUTE)
    run.sendText()
    run.answerSends({ ...quotaUsed, durationMs: SECOND, meanwhile: () => run.sendText('more') }, sent)
    run.runUntil(3 * MINUTE)
    expect(payers(run)).toEqual(['message', 'message'])
    expect(run.step('a').state).toBe('sent')
  })

  it('after an unclear attempt ends the step as unknown', () => {
    expect(replied({ ...quotaUsed, unclear: 2 }).steps()).toEqual(['gift unknown quota-used'])
  })
})

describe('a request that failed until the margin', () => {
  const busy: SendReply = {
    result: 'not-sent',
    reason: 'WeChat is busy',
    errcode: -1,
    durationMs: 47 * SECOND,
  }

  it('lets another grant pay, and costs nothing', () => {
    const run = simulateRun(planOf([{ id: 'gift', afterMs: 0, since: 'reply' }]))
    run.runUntil(10 * SECOND)
    run.sendText()
    run.answerSends(busy, sent)
    run.runUntil(MINUTE)
    expect(run.requests.map((r) => [r.at / SECOND, r.grant.scene])).toEqual([
      [10, 'subscribe'],
      [57, 'message'],
    ])
    expect(grantOf(run.state, 'subscribe')?.used).toBe(0)
  })

  it('leaves the step held where no other can', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 10 * SECOND }]))
    run.answerSends(busy)
    run.runUntil(MINUTE)
    expect(run.step('a')).toMatchObject({ state: 'held', reason: 'no-grant', errcode: -1 })
  })

  it('has its release spaced like that of any held step', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 10 * SECOND },
        { id: 'b', afterMs: 2 * MINUTE },
      ]),
    )
    run.answerSends(busy, sent)
    run.runUntil(5 * MINUTE)
    run.sendText()
    run.runUntil(6 * MINUTE)
    expect(run.sent).toEqual(['300s a message', '302s b message'])
  })
})

describe('an answer that nobody has', () => {
  it('ends the step as unknown, and counts', () => {
    const run = replied({ result: 'unknown', reason: 'time-out', unclear: 2 })
    expect(run.steps()).toEqual(['gift unknown time-out'])
    expect(grantOf(run.state, 'subscribe')?.used).toBe(2)
  })
})

describe('a medium that WeChat has no more', () => {
  it('leaves the step due: it goes once it is uploaded again', () => {
    const run = replied({ result: 'media-expired' }, sent)
    expect(run.requests).toHaveLength(2)
    expect(run.steps()).toEqual(['gift sent'])
    expect(grantOf(run.state, 'subscribe')?.used).toBe(1)
  })

  it('is told to the next try by the step’s code', () => {
    const state = simulateRun(planOf([{ id: 'a', afterMs: 0 }])).state
    const [grant] = state.ledger
    if (!grant) throw new Error('no grant')
    const paid = { grant, grants: state.ledger }
    const after = applySendResult(beginSend(state, 0), 0, paid, {
      result: 'media-expired',
      at: state.entry.at,
      unclear: 0,
    })
    expect(after.steps[0]).toMatchObject({ state: 'pending', errcode: 40007, wasHeld: false })
  })
})

describe('a message that WeChat refuses for what it is', () => {
  it('is skipped with the code; the next step goes on', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: SECOND },
        { id: 'b', afterMs: 2 * SECOND },
      ]),
    )
    run.answerSends({ result: 'refused', reason: 'refused by WeChat', errcode: 45002 }, sent)
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a skipped refused by WeChat', 'b sent'])
    expect(run.step('a').errcode).toBe(45002)
    expect(grantOf(run.state, 'subscribe')?.used).toBe(1)
  })
})

describe('a follower who is gone, as WeChat says', () => {
  it.each([
    ['unsubscribed', 43004],
    ['unsubscribed', 50005],
    ['opted-out', 48002],
    ['opted-out', 43019],
  ] as const)('ends the run %s (%d)', (outcome, errcode) => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: SECOND },
        { id: 'b', afterMs: 2 * SECOND },
      ]),
    )
    run.answerSends({ result: 'gone', outcome, errcode })
    run.runUntil(MINUTE)
    expect(run.requests).toHaveLength(1)
    expect(run.steps()).toEqual([`a skipped ${outcome}`, `b skipped ${outcome}`])
    expect(run.step('a').errcode).toBe(errcode)
    expect(run.state).toMatchObject({ outcome, reason: `errcode ${errcode}` })
    expect(run.state.ledger).toHaveLength(outcome === 'unsubscribed' ? 0 : 1)
  })

  it('leaves a step of which nobody knows as unknown', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: SECOND }]))
    run.answerSends({ result: 'gone', outcome: 'unsubscribed', errcode: 43004, unclear: 1 })
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a unknown lost'])
  })
})

describe('a step that is on its way', () => {
  it('stands as sending until the answer is there', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 0 }]))
    const seen: string[] = []
    run.answerSends({ ...sent, meanwhile: () => seen.push(run.step('a').state) })
    run.runUntil(SECOND)
    expect(seen).toEqual(['sending'])
  })

  it('ends in one way for each result', () => {
    const results: [SendReply, string][] = [
      [sent, 'sent'],
      [{ result: 'unknown', reason: 'lost' }, 'unknown'],
      [{ result: 'not-sent', reason: 'busy', errcode: null }, 'pending'],
      [windowOver, 'pending'],
      [quotaUsed, 'pending'],
      [{ result: 'media-expired' }, 'pending'],
      [{ result: 'refused', reason: 'bad', errcode: 45002 }, 'skipped'],
      [{ result: 'gone', outcome: 'unsubscribed', errcode: 43004 }, 'pending'],
    ]
    const state = beginSend(simulateRun(planOf([{ id: 'a', afterMs: 0 }])).state, 0)
    const [grant] = state.ledger
    if (!grant) throw new Error('no grant')
    for (const [reply, name] of results) {
      const result = { ...reply, at: state.entry.at, unclear: 0 } as SendResult
      expect(applySendResult(state, 0, { grant, grants: state.ledger }, result).steps[0]?.state).toBe(name)
    }
  })
})
