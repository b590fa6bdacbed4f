import { describe, expect, it } from 'vitest'
import { ENTRY_AT, planOf, simulateRun } from '../../test/harness/run-simulation.ts'
import { decide } from './decide.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAYS_2 = 48 * HOUR

const welcome = planOf([
  { id: 'hint', afterMs: 20 * SECOND, when: 'not-replied' },
  { id: 'gift', afterMs: 0, since: 'reply' },
  { id: 'tip', afterMs: 10 * MINUTE, since: 'reply' },
  { id: 'day-1', afterMs: 22 * HOUR, since: 'reply' },
])
/** Steps that come due one minute after another, once the follow's one-minute grant has expired. */
const late = (count: number, more: Parameters<typeof planOf>[1] = {}) =>
  planOf(
    Array.from({ length: count }, (_, i) => ({ afterMs: (2 + i) * MINUTE })),
    more,
  )

describe('a silent follower', () => {
  it('gets the hint, and the run ends with the window', () => {
    const run = simulateRun(welcome)
    run.runUntil(DAYS_2)
    expect(run.sent).toEqual(['20s hint subscribe'])
    expect(run.steps()).toEqual([
      'hint sent',
      'gift skipped no-reply',
      'tip skipped no-reply',
      'day-1 skipped no-reply',
    ])
    expect(run.state).toMatchObject({ outcome: 'window-closed', endedAt: ENTRY_AT + DAYS_2 })
  })

  it('gets three messages in the minute, and the fourth is held', () => {
    const run = simulateRun(planOf([10, 20, 30, 40].map((s) => ({ afterMs: s * SECOND }))))
    run.runUntil(MINUTE)
    expect(run.sent).toEqual(['10s s0 subscribe', '20s s1 subscribe', '30s s2 subscribe'])
    expect(run.step('s3')).toMatchObject({ state: 'held', reason: 'no-grant' })
  })

  it('gets steps due in the last seconds of the minute just before its margin', () => {
    for (const afterMs of [56_600, 58_000, MINUTE]) {
      const run = simulateRun(planOf([{ afterMs }]))
      run.runUntil(MINUTE)
      expect(run.sent).toEqual(['56s s0 subscribe'])
    }
    const after = simulateRun(planOf([{ afterMs: MINUTE + 1 }]))
    after.runUntil(2 * MINUTE)
    expect(after.steps()).toEqual(['s0 held no-grant'])
  })

  it('gets nothing when the follow was delivered after its minute', () => {
    const run = simulateRun(planOf([{ afterMs: 20 * SECOND }, { afterMs: 30 * SECOND, ifLate: 'skip' }]), {
      startDelayMs: 5 * MINUTE,
    })
    run.runUntil(5 * MINUTE)
    expect(run.steps()).toEqual(['s0 held no-grant', 's1 skipped late'])
  })

  it('gets the whole series under the rules classic-48h', () => {
    const run = simulateRun(planOf([1, 24, 47].map((h) => ({ afterMs: h * HOUR }))), { rules: 'classic-48h' })
    run.runUntil(DAYS_2)
    expect(run.sent).toEqual(['3600s s0 subscribe', '86400s s1 subscribe', '169200s s2 subscribe'])
    expect(run.state.outcome).toBe('completed')
  })

  it("gets messages from a previous run's grant", () => {
    const grant = { scene: 'message', grantedAt: ENTRY_AT - HOUR, expiresAt: ENTRY_AT + 47 * HOUR } as const
    const run = simulateRun(late(2), { ledger: [{ ...grant, quota: 5, used: 4 }] })
    run.runUntil(HOUR)
    expect(run.sent).toEqual(['120s s0 message'])
    expect(run.steps()).toEqual(['s0 sent', 's1 held no-grant'])
  })
})

describe('a follower who replies', () => {
  it('gets no hint, the gift at once and the other steps on time', () => {
    const run = simulateRun(welcome)
    run.runUntil(5 * SECOND)
    run.sendText('1')
    run.runUntil(DAYS_2)
    expect(run.steps()).toEqual(['hint skipped replied', 'gift sent', 'tip sent', 'day-1 sent'])
    expect(run.sent).toEqual(['5s gift subscribe', '605s tip message', '79205s day-1 message'])
    expect(run.state.outcome).toBe('completed')
  })

  it('after the hint gets the gift, paid by the message', () => {
    const run = simulateRun(welcome)
    run.runUntil(3 * HOUR)
    run.sendText('1')
    run.runUntil(3 * HOUR + MINUTE)
    expect(run.sent).toEqual(['20s hint subscribe', '10800s gift message'])
  })

  it('gets the steps counted from the first reply, whatever follows it', () => {
    const run = simulateRun(welcome)
    for (const at of [5, 6, 7, 300, 900]) {
      run.runUntil(at * SECOND)
      run.sendText('again')
    }
    run.runUntil(DAYS_2)
    expect(run.sent.map((s) => s.split(' ').slice(0, 2).join(' '))).toEqual([
      '5s gift',
      '605s tip',
      '79205s day-1',
    ])
  })

  it('keeps the window open for two days after the last message', () => {
    const run = simulateRun(
      planOf([
        { afterMs: 0, since: 'reply', id: 'a' },
        { id: 'b', afterMs: HOUR, since: 'reply' },
      ]),
    )
    run.answerSends({ result: 'window-over' })
    run.runUntil(47 * HOUR)
    run.sendText()
    run.runUntil(94 * HOUR)
    expect(run.state.status).toBe('active')
    run.runUntil(95 * HOUR)
    expect(run.state).toMatchObject({ outcome: 'window-closed', endedAt: ENTRY_AT + 95 * HOUR })
    expect(run.steps()).toEqual(['a skipped window-closed', 'b skipped window-closed'])
  })
})

describe('a step counted from the previous one', () => {
  const chain = planOf([
    { id: 'a', afterMs: 10 * SECOND, since: 'previous' },
    { id: 'b', afterMs: 10 * SECOND, since: 'previous', when: 'replied' },
    { id: 'c', afterMs: 10 * SECOND, since: 'previous' },
  ])

  it('is due after the planned time of the previous step, also when that was skipped', () => {
    const run = simulateRun(chain)
    run.runUntil(DAYS_2)
    expect(run.sent).toEqual(['10s a subscribe', '30s c subscribe'])
    expect(run.steps()).toEqual(['a sent', 'b skipped not-replied', 'c sent'])
  })

  it('waits for the reply when the previous step does', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 0, since: 'reply' },
        { id: 'b', afterMs: MINUTE, since: 'previous' },
      ]),
    )
    run.runUntil(HOUR)
    expect(run.state.steps.map((s) => s.dueAt)).toEqual([null, null])
    run.sendText()
    run.runUntil(2 * HOUR)
    expect(run.sent).toEqual(['3600s a message', '3660s b message'])
  })
})

describe('held steps', () => {
  it('are released by the next message, in order, two seconds apart', () => {
    const run = simulateRun(late(3))
    run.runUntil(10 * MINUTE)
    expect(run.steps()).toEqual(['s0 held no-grant', 's1 held no-grant', 's2 held no-grant'])
    run.sendText()
    run.runUntil(11 * MINUTE)
    expect(run.sent).toEqual(['600s s0 message', '602s s1 message', '604s s2 message'])
  })

  it('are sent in the order of their planned times, not of the file', () => {
    const run = simulateRun(
      planOf([
        { id: 'later', afterMs: 5 * MINUTE },
        { id: 'first', afterMs: 2 * MINUTE },
      ]),
    )
    run.runUntil(10 * MINUTE)
    run.sendText()
    run.runUntil(11 * MINUTE)
    expect(run.sent).toEqual(['600s first message', '602s later message'])
  })

  it('keep the spacing of the campaign', () => {
    const run = simulateRun(late(3, { spacingMs: 30 * SECOND }))
    run.runUntil(10 * MINUTE)
    run.sendText()
    run.runUntil(20 * MINUTE)
    expect(run.sent).toEqual(['600s s0 message', '630s s1 message', '660s s2 message'])
  })

  it('keep the spacing from the end of the previous send', () => {
    const run = simulateRun(late(2))
    run.runUntil(10 * MINUTE)
    run.sendText()
    run.answerSends({ result: 'sent', durationMs: 5 * SECOND }, { result: 'sent' })
    run.runUntil(11 * MINUTE)
    expect(run.requests.map((r) => r.at / SECOND)).toEqual([600, 607])
  })

  it('use only the quota of the grant: a click releases three of five', () => {
    const run = simulateRun(late(5))
    run.runUntil(10 * MINUTE)
    run.clickMenu()
    run.runUntil(HOUR)
    expect(run.steps()).toEqual(['s0 sent', 's1 sent', 's2 sent', 's3 held no-grant', 's4 held no-grant'])
    run.sendText()
    run.runUntil(2 * HOUR)
    expect(run.sent.slice(3)).toEqual(['3600s s3 message', '3602s s4 message'])
  })

  it('have their condition checked again at their release', () => {
    const run = simulateRun(
      planOf([
        { id: 'hint', afterMs: 2 * MINUTE, when: 'not-replied' },
        { id: 'news', afterMs: 3 * MINUTE },
      ]),
    )
    run.runUntil(10 * MINUTE)
    expect(run.steps()).toEqual(['hint held no-grant', 'news held no-grant'])
    run.sendText()
    run.runUntil(11 * MINUTE)
    expect(run.steps()).toEqual(['hint skipped replied', 'news sent'])
    expect(run.sent).toEqual(['600s news message'])
  })

  it('with the condition not-replied are sent when a click releases them', () => {
    const run = simulateRun(planOf([{ id: 'hint', afterMs: 2 * MINUTE, when: 'not-replied' }]))
    run.runUntil(10 * MINUTE)
    run.clickMenu()
    run.runUntil(11 * MINUTE)
    expect(run.sent).toEqual(['600s hint menu'])
  })

  it('are skipped when the window closes', () => {
    const run = simulateRun(late(2))
    run.runUntil(DAYS_2)
    expect(run.state.outcome).toBe('window-closed')
    expect(run.steps()).toEqual(['s0 skipped window-closed', 's1 skipped window-closed'])
  })
})

describe('a step that is skipped when late', () => {
  it('is skipped when no grant can pay, and the next step stays pending', () => {
    const run = simulateRun(planOf([{ afterMs: 2 * MINUTE, ifLate: 'skip' }, { afterMs: 3 * MINUTE }]))
    run.runUntil(2 * MINUTE)
    expect(run.steps()).toEqual(['s0 skipped no-grant', 's1 pending'])
  })

  it.each([
    [60_000, ['s0 sent']],
    [60_001, ['s0 skipped late']],
  ])('%d ms after its time: %j', (lateBy, expected) => {
    const run = simulateRun(planOf([{ afterMs: MINUTE, ifLate: 'skip' }]), {
      rules: 'classic-48h',
      startDelayMs: MINUTE + lateBy,
    })
    run.runUntil(HOUR)
    expect(run.steps()).toEqual(expected)
  })

  it('is sent however late when it is held instead', () => {
    const run = simulateRun(planOf([{ afterMs: MINUTE }]), { rules: 'classic-48h', startDelayMs: 20 * HOUR })
    run.runUntil(20 * HOUR)
    expect(run.steps()).toEqual(['s0 sent'])
  })
})

describe('a paused follower', () => {
  const series = planOf([
    { id: 'hold', afterMs: HOUR },
    { id: 'skip', afterMs: HOUR, ifLate: 'skip' },
    { id: 'later', afterMs: 5 * HOUR },
  ])

  it('gets nothing, and after the resume each step follows its ifLate', () => {
    const run = simulateRun(series, { rules: 'classic-48h' })
    run.pause(true)
    run.runUntil(2 * HOUR)
    expect(run.state.status).toBe('paused')
    expect(run.steps()).toEqual(['hold held paused', 'skip held paused', 'later pending'])
    run.pause(false)
    run.runUntil(6 * HOUR)
    expect(run.steps()).toEqual(['hold sent', 'skip skipped late', 'later sent'])
    expect(run.sent).toEqual(['7200s hold subscribe', '18000s later subscribe'])
  })

  it('misses nothing when resumed before a step came due', () => {
    const run = simulateRun(series, { rules: 'classic-48h' })
    run.pause(true)
    run.runUntil(HOUR - 1)
    run.pause(false)
    run.runUntil(HOUR)
    expect(run.steps()).toEqual(['hold sent', 'skip sent', 'later pending'])
  })

  it('misses a step that is skipped when late, when resumed just after it came due', () => {
    const run = simulateRun(series, { rules: 'classic-48h' })
    run.pause(true)
    run.runUntil(HOUR)
    run.pause(false)
    run.runUntil(HOUR + SECOND)
    expect(run.steps()).toEqual(['hold sent', 'skip skipped late', 'later pending'])
  })

  it('is checked when the next step comes due, to mark it', () => {
    const run = simulateRun(series)
    run.pause(true)
    run.runUntil(HOUR)
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + 5 * HOUR, for: 'later' })
    run.runUntil(5 * HOUR)
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + DAYS_2, for: 'window' })
  })

  it('ends the run by an unfollow, and the window still closes', () => {
    const gone = simulateRun(series)
    gone.pause(true)
    gone.unfollow()
    gone.runUntil(1)
    expect(gone.state.outcome).toBe('unsubscribed')
    const quiet = simulateRun(series)
    quiet.pause(true)
    quiet.runUntil(DAYS_2)
    expect(quiet.state.outcome).toBe('window-closed')
  })

  it('who replies during the pause gets no hint later', () => {
    const run = simulateRun(welcome)
    run.pause(true)
    run.runUntil(30 * SECOND)
    run.sendText()
    run.runUntil(40 * SECOND)
    expect(run.steps().slice(0, 2)).toEqual(['hint skipped replied', 'gift held paused'])
  })
})

describe('a follower in a session with a human agent', () => {
  it('gets nothing until the session closes', () => {
    const run = simulateRun(planOf([{ afterMs: HOUR }, { afterMs: HOUR, ifLate: 'skip' }]), {
      rules: 'classic-48h',
    })
    run.runUntil(HOUR - MINUTE)
    run.agentSession(true)
    run.runUntil(HOUR + MINUTE)
    expect(run.steps()).toEqual(['s0 held human-agent', 's1 held human-agent'])
    run.agentSession(false)
    run.runUntil(3 * HOUR)
    expect(run.steps()).toEqual(['s0 sent', 's1 skipped late'])
  })

  it('gets the held steps in order 30 minutes after the last change of the session', () => {
    const run = simulateRun(planOf([{ afterMs: 60_000 }, { afterMs: 120_000 }]), { rules: 'classic-48h' })
    run.agentSession(true, 30_000)
    run.runUntil(600_000)
    run.agentSession(true, 600_000)
    run.runUntil(600_000 + 30 * 60_000 - 1)
    expect(run.steps()).toEqual(['s0 held human-agent', 's1 held human-agent'])
    run.runUntil(600_000 + 30 * 60_000 + 10_000)
    expect(run.steps()).toEqual(['s0 sent', 's1 sent'])
  })

  it('gets nothing while a pause outlasts the session, and the held step at its end', () => {
    const run = simulateRun(planOf([{ afterMs: 60_000 }]), { rules: 'classic-48h' })
    run.agentSession(true, 30_000)
    run.pause(true)
    run.runUntil(HOUR)
    expect(run.steps()).toEqual(['s0 held paused'])
    run.pause(false)
    run.runUntil(HOUR + 10_000)
    expect(run.steps()).toEqual(['s0 sent'])
  })
})

describe('the window', () => {
  it('has a step that is due at its end sent three seconds earlier', () => {
    const run = simulateRun(planOf([{ afterMs: 2 * HOUR }], { windowMs: 2 * HOUR }), { rules: 'classic-48h' })
    run.runUntil(2 * HOUR)
    expect(run.sent).toEqual([`${2 * 3_600 - 3}s s0 subscribe`])
    expect(run.state.outcome).toBe('completed')
  })

  it('limits the retries of a request when the grant expires later', () => {
    const run = simulateRun(planOf([{ afterMs: 50 * MINUTE }], { windowMs: HOUR }), { rules: 'classic-48h' })
    run.runUntil(50 * MINUTE)
    expect(run.requests).toMatchObject([{ at: 50 * MINUTE, leftMs: 10 * MINUTE }])
  })

  it('allows no request in its last half second', () => {
    const run = simulateRun(planOf([{ afterMs: 50 * MINUTE }], { windowMs: HOUR }), { rules: 'classic-48h' })
    run.answerSends({
      result: 'not-sent',
      reason: 'WeChat is busy',
      errcode: null,
      durationMs: 10 * MINUTE - 400,
    })
    run.runUntil(HOUR)
    expect(run.requests).toHaveLength(1)
    expect(run.steps()).toEqual(['s0 skipped window-closed'])
  })

  it('allows retries until the grant’s margin when that comes first', () => {
    const run = simulateRun(planOf([{ afterMs: 20 * SECOND }]))
    run.runUntil(20 * SECOND)
    expect(run.requests).toMatchObject([{ leftMs: 37 * SECOND }])
  })
})

describe('a run ends by', () => {
  it.each([
    ['an unfollow', (run: ReturnType<typeof simulateRun>) => run.unfollow(), 'unsubscribed', null],
    [
      'an exit keyword',
      (run: ReturnType<typeof simulateRun>) => run.sendText(' ＴＤ '),
      'opted-out',
      'exit keyword',
    ],
    [
      'an operator',
      (run: ReturnType<typeof simulateRun>) => run.stop('cancelled', 'asked'),
      'cancelled',
      'asked',
    ],
    [
      'its account',
      (run: ReturnType<typeof simulateRun>) => run.stop('account-stopped'),
      'account-stopped',
      null,
    ],
  ] as const)('%s', (_cause, apply, outcome, reason) => {
    const run = simulateRun(
      planOf([{ afterMs: SECOND }, { afterMs: 30 * SECOND }, { afterMs: 0, since: 'reply' }]),
    )
    run.runUntil(10 * SECOND)
    apply(run)
    run.runUntil(DAYS_2)
    expect(run.sent).toEqual(['1s s0 subscribe'])
    expect(run.state).toMatchObject({ status: 'ended', outcome, reason, endedAt: ENTRY_AT + 10 * SECOND })
    expect(run.steps().slice(0, 2)).toEqual(['s0 sent', `s1 skipped ${outcome}`])
  })

  it('its last step, at once', () => {
    const run = simulateRun(planOf([{ afterMs: 0 }]))
    run.runUntil(0)
    expect(run.state).toMatchObject({ outcome: 'completed', endedAt: ENTRY_AT })
  })

  it('its last condition that fails', () => {
    const run = simulateRun(planOf([{ afterMs: SECOND, when: 'replied' }]))
    run.runUntil(HOUR)
    expect(run.steps()).toEqual(['s0 skipped not-replied'])
    expect(run.state).toMatchObject({ outcome: 'completed', endedAt: ENTRY_AT + SECOND })
  })
})

describe('a run waits for', () => {
  it.each([
    ['its first step', planOf([{ id: 'hint', afterMs: 20 * SECOND }]), 0, 20 * SECOND, 'hint'],
    ['a reply, until the window closes', planOf([{ since: 'reply' }]), 0, DAYS_2, 'window'],
    ['the next step while one is held', late(2), 2 * MINUTE, 3 * MINUTE, 's1'],
    ['the window’s end when all are held', late(2), 3 * MINUTE, DAYS_2, 'window'],
  ])('%s', (_title, plan, at, until, reason) => {
    const run = simulateRun(plan)
    run.runUntil(at)
    expect(run.next()).toEqual({ do: 'wait', until: ENTRY_AT + until, for: reason })
  })

  it('the same when it decides twice', () => {
    const run = simulateRun(late(2))
    run.runUntil(5 * MINUTE)
    const first = decide(late(2), run.state, ENTRY_AT + 5 * MINUTE)
    const second = decide(late(2), first.state, ENTRY_AT + 5 * MINUTE)
    expect(first.state).toBe(run.state)
    expect(second).toEqual(first)
  })
})

describe('a step that only tags', () => {
  const mark = { id: 'mark', kind: 'tag', tag: ['看过'] }

  it('needs no grant, uses no quota, and waits for no held step', () => {
    const run = simulateRun(
      planOf([
        { id: 'held', afterMs: 2 * MINUTE },
        { ...mark, afterMs: 3 * MINUTE },
      ]),
    )
    run.runUntil(HOUR)
    expect(run.follower.tagged).toEqual(['180s mark'])
    expect(run.steps()).toEqual(['held held no-grant', 'mark sent'])
    run.sendText()
    run.runUntil(2 * HOUR)
    expect(run.steps()).toEqual(['held sent', 'mark sent'])
    expect(run.state).toMatchObject({ outcome: 'completed' })
  })

  it('neither delays released steps nor is delayed by them', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 2 * MINUTE },
        { id: 'b', afterMs: 3 * MINUTE },
        { ...mark, afterMs: 10 * MINUTE + SECOND },
      ]),
    )
    run.runUntil(10 * MINUTE)
    run.sendText()
    run.runUntil(11 * MINUTE)
    expect(run.sent).toEqual(['600s a message', '602s b message'])
    expect(run.follower.tagged).toEqual(['601s mark'])
  })

  it('is executed in the order of the file among steps of the same time', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 0 },
        { ...mark, afterMs: 0 },
      ]),
    )
    expect(run.next()).toMatchObject({ do: 'send', index: 0 })
    const other = simulateRun(
      planOf([
        { ...mark, afterMs: 0 },
        { id: 'a', afterMs: 0 },
      ]),
    )
    expect(other.next()).toMatchObject({ do: 'tag', index: 0, leftMs: DAYS_2 })
  })

  it('follows a pause, a human agent, when and ifLate like any step', () => {
    const run = simulateRun(
      planOf([
        { ...mark, afterMs: MINUTE },
        { ...mark, id: 'late', afterMs: MINUTE, ifLate: 'skip' },
        { ...mark, id: 'reply', afterMs: MINUTE, when: 'replied' },
      ]),
    )
    run.pause(true)
    run.runUntil(2 * MINUTE)
    expect(run.steps()).toEqual(['mark held paused', 'late held paused', 'reply held paused'])
    run.pause(false)
    run.agentSession(true)
    run.runUntil(3 * MINUTE)
    expect(run.step('mark')).toMatchObject({ state: 'held', reason: 'human-agent' })
    run.agentSession(false)
    run.runUntil(4 * MINUTE)
    expect(run.steps()).toEqual(['mark sent', 'late skipped late', 'reply skipped not-replied'])
  })

  it('is executed just before the window’s end when due at it', () => {
    const run = simulateRun(planOf([{ ...mark, afterMs: DAYS_2 }]))
    run.runUntil(DAYS_2)
    expect(run.steps()).toEqual(['mark sent'])
  })

  it('is skipped when WeChat refuses the tag, and a message with such a tag stays sent', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 0, tag: ['x'] },
        { ...mark, afterMs: SECOND },
      ]),
    )
    run.follower.tags = { result: 'refused', reason: 'tag-refused', errcode: 45059 }
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a sent', 'mark skipped tag-refused'])
    expect(run.step('mark').errcode).toBe(45059)
  })
})

describe('a condition on the follower', () => {
  const fetched = (attributes: Partial<{ tags: string[]; qrScene: string; subscribeScene: string }>) => ({
    attributes: { tags: [], qrScene: '', subscribeScene: '', ...attributes },
  })

  it('fetches the attributes when the step is due, at most once a minute', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 10 * SECOND, when: { tag: '金卡' } },
        { id: 'b', afterMs: 20 * SECOND, when: { subscribeScene: 'ADD_SCENE_QR*' } },
        { ...{ id: 'c', kind: 'tag', tag: ['x'] }, afterMs: 71 * SECOND, when: { tag: '金卡' } },
      ]),
    )
    run.follower.attributes = fetched({ tags: ['银卡'], subscribeScene: 'ADD_SCENE_QR_CODE' })
    run.runUntil(5 * SECOND)
    expect(run.follower.attributeRequests).toBe(0)
    run.runUntil(MINUTE)
    expect(run.steps()).toEqual(['a skipped condition', 'b sent', 'c pending'])
    expect(run.follower.attributeRequests).toBe(1)
    run.follower.attributes = fetched({ tags: ['金卡'] })
    run.runUntil(2 * MINUTE)
    expect(run.steps()).toEqual(['a skipped condition', 'b sent', 'c sent'])
    expect(run.follower.attributeRequests).toBe(2)
  })

  it('fetches nothing while no grant can pay for the step', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 2 * MINUTE, when: { tag: '金卡' } }]))
    run.runUntil(HOUR)
    expect(run.steps()).toEqual(['a held no-grant'])
    expect(run.follower.attributeRequests).toBe(0)
  })

  it('uses the tags that earlier steps added and removed', () => {
    const run = simulateRun(
      planOf([
        { id: 'learns', afterMs: 0, when: { tag: 'old' }, tag: ['new'], untag: ['old'] },
        { id: 'new', afterMs: 0, when: { tag: 'new' } },
        { id: 'old', afterMs: 0, when: { tag: 'old' } },
      ]),
    )
    run.follower.attributes = fetched({ tags: ['old'] })
    run.runUntil(SECOND)
    expect(run.steps()).toEqual(['learns sent', 'new sent', 'old skipped condition'])
    expect(run.follower.attributeRequests).toBe(1)
  })

  it('uses the QR scene of the entry without fetching', () => {
    const plan = planOf([
      { id: 'a', afterMs: 0, when: { qrScene: 'expo-*' } },
      { id: 'b', afterMs: 0, when: { qrScene: 'expo' } },
    ])
    const run = simulateRun(plan, { qrScene: 'expo-7' })
    run.runUntil(SECOND)
    expect(run.steps()).toEqual(['a sent', 'b skipped condition'])
    expect(run.follower.attributeRequests).toBe(0)
    const other = simulateRun(plan)
    other.follower.attributes = fetched({ qrScene: 'expo' })
    other.runUntil(SECOND)
    expect(other.steps()).toEqual(['a skipped condition', 'b sent'])
  })

  it('skips the step when the attributes stay unknown, as does a template that needs them', () => {
    const run = simulateRun(
      planOf([
        { id: 'a', afterMs: 0, when: { tag: 'x' } },
        { id: 'b', afterMs: 0, needsAttributes: true },
      ]),
    )
    run.follower.attributes = { unknown: 'refused', errcode: 48001 }
    run.runUntil(SECOND)
    expect(run.steps()).toEqual(['a skipped attributes-unknown', 'b skipped attributes-unknown'])
    expect(run.sent).toEqual([])
  })

  it('may fetch until the margin of the step’s grant', () => {
    const run = simulateRun(planOf([{ id: 'a', afterMs: 10 * SECOND, when: { tag: 'x' } }]))
    run.runUntil(9 * SECOND)
    const { next } = decide(
      planOf([{ afterMs: 10 * SECOND, when: { tag: 'x' } }]),
      run.state,
      ENTRY_AT + 10 * SECOND,
    )
    expect(next).toEqual({ do: 'fetch-attributes', index: 0, leftMs: 47 * SECOND })
  })
})
