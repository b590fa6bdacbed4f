import { describe, expect, it } from 'vitest'
import { planOfItems } from '../../test/harness/file-plan.ts'
import { decide } from './decide.ts'
import { applyHandover, handoverAfterSend, onlyHandsOver } from './handover.ts'
import type { PlanStep } from './plan.ts'
import { applyAgentSession, applyInteraction, beginRun } from './run-events.ts'

const AT = 1_700_000_000_000
const plan = planOfItems(`
- { id: booked, send: { text: booked }, handover: guide@expo }
- { id: forum, after: 5m, send: { text: forum } }
`)
const [booked] = plan.steps as [PlanStep, PlanStep]
const entry = {
  at: AT,
  seq: 1,
  key: 'entry',
  event: 'message',
  qrScene: null,
  eventKey: null,
  text: '2',
} as const
const run = beginRun(plan, entry, [])
const opened = (at: number) => ({ result: 'opened', at }) as const
const message = (at: number) =>
  ({ at, seq: 9, key: `m${at}`, scene: 'message', allowance: null, text: 'hi' }) as const

describe('a handover that WeChat accepts', () => {
  it('opens the session, which expires when nobody closes it', () => {
    const after = applyHandover(plan, run, booked, opened(AT + 2_700))
    expect(after.agentSession).toEqual({ open: true, at: AT + 2_000, seq: 0 })
    expect(decide(plan, after, AT + 10 * 60_000).next).toMatchObject({
      do: 'wait',
      for: 'human-agent',
      until: AT + 2_000 + 30 * 60_000,
    })
  })

  it('is ended by each event of the session that WeChat reports, also of the same second', () => {
    const after = applyHandover(plan, run, booked, opened(AT + 2_700))
    const closed = applyAgentSession(plan, after, { open: false, at: AT + 2_000, seq: 7 })
    expect(closed.agentSession).toMatchObject({ open: false })
    // The call's result arrives late.
    expect(applyHandover(plan, closed, booked, opened(AT + 2_700)).agentSession).toMatchObject({
      open: false,
    })
  })

  it('is not ended by the message of its own second, but by a later one', () => {
    const after = applyHandover(plan, run, booked, opened(AT + 2_700))
    expect(applyInteraction(plan, after, message(AT + 2_000)).agentSession).toMatchObject({ open: true })
    expect(applyInteraction(plan, after, message(AT + 3_000)).agentSession).toMatchObject({ open: false })
  })
})

describe('a handover that WeChat refuses', () => {
  it('is a note for operators', () => {
    const refused = { result: 'refused', reason: 'no-agent', errcode: 65415 } as const
    const after = applyHandover(plan, run, booked, refused)
    expect(after).toMatchObject({
      agentSession: null,
      warnings: ['step booked did not hand over to guide@expo: no-agent (65415)'],
    })
  })
})

describe('a step that hands over', () => {
  const sent = { result: 'sent', at: AT, unclear: 0 } as const
  it('does so after its message was sent, and never without it', () => {
    expect(handoverAfterSend(booked, sent)).toBe('guide@expo')
    expect(handoverAfterSend(booked, { result: 'unknown', reason: '', at: AT, unclear: 1 })).toBeNull()
    expect(handoverAfterSend({}, sent)).toBeNull()
  })

  it.each([
    [{ acts: { handover: 'a@b' } }, true],
    [{ acts: { handover: 'a@b', webhook: 'crm' } }, false],
    [{ acts: { handover: 'a@b' }, tag: ['vip'] }, false],
    [{ acts: { webhook: 'crm' } }, false],
  ])('does nothing else: %j', (step, expected) => expect(onlyHandsOver(step)).toBe(expected))
})
