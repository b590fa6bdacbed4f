import { describe, expect, it } from 'vitest'
import { grantOf, planOf, type SendReply, simulateRun } from '../../test/harness/run-simulation.ts'
import { applySendResult, beginSend, type SendResult } from './send-result.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const sent: SendReply = { result: 'sent' }
const windowOver: SendReply = { result: 'window-over' }
const quotaUsed: SendReply = { result: 'quota-used' }

/** One step after the reply, and a follower who replies after ten seconds: the follow and the message both grant messages. */
function replied(...answers: SendReply[]) {
  const run = simulateRun(planOf([{ id: 'gift', afterMs: 0, since: 'reply' }]))
  run.runUntil(10 * SECOND)
  run.answerSends(...answers)
  run.sendText('1')
  run.runUntil(20 * SECOND)
  return run
}
const paidScenes = (run: ReturnType<typeof simulateRun>) => run.requests.map((r) => r.grant.scene)

describe('a message that was sent', () => {
  it('counts once against the grant that paid', () => {
    const run = replied(sent)
    expect(run.step('gift')).toMatchObject({ state: 'sent', reason: null, errcode: null })
    expect(grantOf(run.state, 'subscribe')?.used).toBe(1)
    expect(grantOf(run.state, 'message')?.used).toBe(0)
  })

  it('counts together with each unclear attempt', () => {
    expect(grantOf(replied({ result: 'sent', unclear: 1 }).state, 'subscribe')?.used).toBe(2)
  })

  it('does not count against a newer grant of the same scene that arrived meanwhile', () => {
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

  it('stays sent when the follower unfollowed meanwhile, and restores no grant', () => {
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

describe('45015, the reply window is over', () => {
  it('closes every grant that existed when the request was sent, and the step is held', () => {
    const run = replied(windowOver)
    expect(paidScenes(run)).toEqual(['subscribe'])
    expect(run.step('gift')).toMatchObject({ state: 'held', reason: 'no-grant', errcode: 45015 })
    expect(run.state.ledger.every((g) => g.expiresAt === run.state.entry.at + 10 * SECOND)).toBe(true)
  })

  it('lets the next message release the step', () => {
    const run = replied(windowOver, sent)
    run.sendText('2')
    run.runUntil(MINUTE)
    expect(paidScenes(run)).toEqual(['subscribe', 'message'])
    expect(run.step('gift')).toMatchObject({ state: 'sent', errcode: null })
  })

  it('keeps a grant of another scene that arrived meanwhile, which pays at once', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 20 * SECOND }]))
    run.answerSends({ ...windowOver, durationMs: SECOND, meanwhile: () => run.sendText() }, sent)
    run.runUntil(MINUTE)
    expect(run.requests.map((r) => [r.at / SECOND, r.grant.scene])).toEqual([
      [20, 'subscribe'],
      [21, 'message'],
    ])
  })

  it('keeps a newer grant of the same scene', () => {
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

  it('skips a step with ifLate skip', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: SECOND, ifLate: 'skip' }]))
    run.answerSends(windowOver)
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a skipped no-grant'])
  })

  it('ends the step as unknown after an unclear attempt, and never holds it', () => {
    const run = replied({ ...windowOver, unclear: 1 })
    expect(run.steps()).toEqual(['gift unknown window-over'])
    expect(run.state.outcome).toBe('completed')
  })
})

describe('45047, the quota is used up', () => {
  it('exhausts the grant that paid, and another valid one pays at once', () => {
    const run = replied(quotaUsed, sent)
    expect(run.requests.map((r) => [r.at / SECOND, r.grant.scene])).toEqual([
      [10, 'subscribe'],
      [10, 'message'],
    ])
    expect(grantOf(run.state, 'subscribe')).toMatchObject({ used: 3, quota: 3 })
    expect(run.step('gift').state).toBe('sent')
  })

  it('lets another grant pay at once, also right after the release of a held step', () => {
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

  it('holds the step when every grant is used up', () => {
    const run = replied(quotaUsed)
    expect(paidScenes(run)).toEqual(['subscribe', 'message'])
    expect(run.step('gift')).toMatchObject({ state: 'held', reason: 'no-grant', errcode: 45047 })
  })

  it('keeps a newer grant of the same scene that arrived meanwhile', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 2 * MINUTE }]))
    run.runUntil(MINUTE)
    run.sendText()
    run.answerSends({ ...quotaUsed, durationMs: SECOND, meanwhile: () => run.sendText('more') }, sent)
    run.runUntil(3 * MINUTE)
    expect(paidScenes(run)).toEqual(['message', 'message'])
    expect(run.step('a').state).toBe('sent')
  })

  it('ends the step as unknown after an unclear attempt', () => {
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

  it('lets another grant pay, and uses no quota', () => {
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

  it('holds the step when no other grant can pay', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 10 * SECOND }]))
    run.answerSends(busy)
    run.runUntil(MINUTE)
    expect(run.step('a')).toMatchObject({ state: 'held', reason: 'no-grant', errcode: -1 })
  })

  it('keeps the spacing at its release like any held step', () => {
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

describe('an unknown outcome', () => {
  it('ends the step as unknown, and counts against the quota', () => {
    const run = replied({ result: 'unknown', reason: 'time-out', unclear: 2 })
    expect(run.steps()).toEqual(['gift unknown time-out'])
    expect(grantOf(run.state, 'subscribe')?.used).toBe(2)
  })
})

describe('a medium that expired at WeChat', () => {
  it('leaves the step due, and the step is sent after another upload', () => {
    const run = replied({ result: 'media-expired' }, sent)
    expect(run.requests).toHaveLength(2)
    expect(run.steps()).toEqual(['gift sent'])
    expect(grantOf(run.state, 'subscribe')?.used).toBe(1)
  })

  it('is passed to the next attempt as the step’s errcode', () => {
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

describe('a message with content that WeChat refuses', () => {
  it('is skipped with the errcode, and the next step is sent', () => {
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

describe('an errcode that the follower has unfollowed or refuses messages', () => {
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

  it('ends a step with an unclear attempt as unknown', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: SECOND }]))
    run.answerSends({ result: 'gone', outcome: 'unsubscribed', errcode: 43004, unclear: 1 })
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a unknown lost'])
  })
})

describe('a step during its send', () => {
  it('is sending until the answer arrives', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 0 }]))
    const states: string[] = []
    run.answerSends({ ...sent, meanwhile: () => states.push(run.step('a').state) })
    run.runUntil(SECOND)
    expect(states).toEqual(['sending'])
  })

  it('gets the state that belongs to each result', () => {
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
    for (const [reply, expected] of results) {
      const result = { ...reply, at: state.entry.at, unclear: 0 } as SendResult
      expect(applySendResult(state, 0, { grant, grants: state.ledger }, result).steps[0]?.state).toBe(
        expected,
      )
    }
  })
})

describe('an attempt whose outcome is unclear', () => {
  it.each<SendReply>([
    { result: 'media-expired' },
    { result: 'refused', reason: 'refused by WeChat', errcode: 45002 },
  ])('counts against the grant when a later attempt is answered: $result', (reply) => {
    const state = replied({ ...reply, unclear: 1 }, sent).state
    expect(grantOf(state, 'subscribe')?.used).toBe(reply.result === 'refused' ? 1 : 2)
  })
})

describe('a warning of the send activity', () => {
  const warning = 'the message has no text left'

  it('is recorded in the run’s state', () => {
    expect(replied({ ...sent, warning }).state.warnings).toEqual([warning])
  })

  it('is absent from the state of a run without one', () => {
    expect(replied(sent).state.warnings).toEqual([])
  })
})
