import { describe, expect, it } from 'vitest'
import { type CandidateAccount, ineligibilityReasons, sentKinds } from './account-eligibility.ts'

const GOOD: CandidateAccount = {
  kind: 'owned',
  state: 'active',
  stateReason: null,
  permissions: null,
  verified: null,
  refusedKinds: [],
}
const against = (more: Partial<CandidateAccount>) =>
  ineligibilityReasons({ ...GOOD, ...more }, ['text', 'menu'])

describe('an account that can send for a campaign', () => {
  it.each<[string, Partial<CandidateAccount>]>([
    ['with its own secret', {}],
    ['certified', { verified: true }],
    ['with the permission set for messages', { kind: 'authorised', permissions: [2, 1] }],
    ['out of quota until midnight', { state: 'quota-exhausted' }],
    ['refused another kind of message', { refusedKinds: ['card'] }],
  ])('%s', (_, more) => expect(against(more)).toEqual([]))
})

describe('an account that cannot', () => {
  it.each<[Partial<CandidateAccount>, string, string]>([
    [{ state: 'needs-authorisation', stateReason: 'gone' }, 'needs authorisation (gone)', '重新授权'],
    [{ state: 'blocked', stateReason: '48004 x' }, 'blocked (48004 x)', '封禁'],
    [{ state: 'paused' }, 'paused: resume', '已暂停'],
    [{ kind: 'authorised', permissions: [2] }, 'permission set for messages', '消息管理'],
    [{ kind: 'authorised', permissions: null }, 'permission set for messages', '消息管理'],
    [{ verified: false }, 'not certified', '认证'],
    [{ refusedKinds: ['menu'] }, 'refused menu messages', 'menu'],
  ])('%j: %s', (more, en, zh) => {
    const [reason, ...others] = against(more)
    expect(others).toEqual([])
    expect(reason?.en).toContain(en)
    expect(reason?.zh).toContain(zh)
  })

  it('has every reason listed, and authorisation only once', () => {
    expect(against({ state: 'paused', verified: false, refusedKinds: ['text', 'menu'] })).toHaveLength(4)
    expect(against({ kind: 'authorised', state: 'needs-authorisation', permissions: [] })).toHaveLength(1)
  })
})

it('lists the kinds of all steps, each once', () => {
  const step = (send: object) => ({
    id: 'a',
    after: 0,
    since: 'entry' as const,
    ifLate: 'hold' as const,
    send,
  })
  expect(
    sentKinds({ steps: [step({ text: 'a' }), step({ text: 'b' }), step({ card: { id: 'c' } })] }),
  ).toEqual(['text', 'card'])
})
