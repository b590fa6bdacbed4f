import { describe, expect, it } from 'vitest'
import { isKindRefused, type Verdict, verdictClass, verdictOf } from './verdict.ts'

const answered = (errcode: number) =>
  verdictOf({ kind: 'answered', errcode, errmsg: 'message of WeChat', rid: 'rid-1', data: null })

const stopped = (state: string) => (errcode: number) => ({ is: 'account-stopped', state, errcode })
const over = (result: string) => () => ({ is: 'over', result: { result } })
const gone = (outcome: string) => (errcode: number) => ({
  is: 'over',
  result: { result: 'gone', outcome, errcode },
})

/** The codes of docs/contract.md#4-sending, and others of the same classes. */
const MEANINGS: [title: string, codes: number[], verdict: (errcode: number) => object][] = [
  ['is sent', [0], () => ({ is: 'sent' })],
  ['may be retried', [-1, 61450], (errcode) => ({ is: 'failed', reason: 'WeChat is busy', errcode })],
  ['requires another token', [40001, 40014, 42001], (errcode) => ({ is: 'token-refused', errcode })],
  ['closes the open grants', [45015], over('window-over')],
  ['exhausts the grant', [45047], over('quota-used')],
  ['requires another upload of the medium', [40007], over('media-expired')],
  ['ends the run as unsubscribed', [43004, 50005], gone('unsubscribed')],
  ['ends the run as opted-out', [48002, 43019], gone('opted-out')],
  [
    'means that the account does not know the follower',
    [40003],
    (errcode) => ({ is: 'bad-follower', errcode }),
  ],
  ['delays the send to the next minute', [45011], () => ({ is: 'rate-limited' })],
  ['blocks the account', [48001, 48004, 45087, 61007], stopped('blocked')],
  ['pauses the account', [40164, 61004], stopped('paused')],
  ['means that the daily quota is used up', [45009], stopped('quota-exhausted')],
  ['requires a new authorisation', [61003, 61023], stopped('needs-authorisation')],
  [
    'refuses the content of the message',
    [45002, 45008, 40033, 47001, 44004],
    (errcode) => ({ is: 'over', result: { result: 'refused', reason: 'refused by WeChat', errcode } }),
  ],
]

describe("WeChat's answer", () => {
  for (const [title, codes, verdict] of MEANINGS) {
    it.each(codes)(`${title}: %i`, (errcode) => {
      expect(answered(errcode)).toEqual(verdict(errcode))
    })
  }

  it('refuses only the step when its errcode is unknown', () => {
    const result = { result: 'refused', reason: 'refused by WeChat', errcode: 99_999 }
    expect(answered(99_999)).toEqual({ is: 'over', result })
  })
})

describe('a request without an answer of WeChat', () => {
  it('failed when it was never sent', () => {
    const reason = 'no connection to WeChat (ECONNREFUSED)'
    expect(verdictOf({ kind: 'failed', reason })).toEqual({ is: 'failed', reason, errcode: null })
  })

  it.each(['timeout', 'lost', 'http'] as const)('is unclear when it was sent: %s', (after) => {
    const verdict: Verdict = { is: 'unclear', after, reason: 'no reason given' }
    expect(verdictOf({ kind: 'unclear', after, reason: 'no reason given' })).toEqual(verdict)
  })
})

describe('an answer that WeChat does not document', () => {
  it('leaves the outcome of the request unclear', () => {
    const reason = 'HTTP 200, the answer is not JSON'
    expect(verdictOf({ kind: 'malformed', reason })).toEqual({ is: 'unclear', after: 'answer', reason })
  })
})

describe('the verdict’s label in the metrics', () => {
  it.each([
    [45015, 'window-over'],
    [45047, 'quota-used'],
    [40007, 'media-expired'],
    [45002, 'refused'],
    [43004, 'gone'],
  ])('is the result of a send that is over: errcode %i is %s', (errcode, label) => {
    expect(verdictClass(answered(errcode))).toBe(label)
  })

  it.each([
    [0, 'sent'],
    [-1, 'failed'],
    [40001, 'token-refused'],
    [45011, 'rate-limited'],
    [48001, 'account-stopped'],
    [40003, 'bad-follower'],
  ])('is the verdict itself in every other case: errcode %i is %s', (errcode, label) => {
    expect(verdictClass(answered(errcode))).toBe(label)
  })
})

describe('a message kind that the account may not send', () => {
  const refused = (errcode: number) =>
    isKindRefused({ result: 'refused', reason: 'refused by WeChat', errcode })

  it.each([45050, 48008])('is known by errcode %i', (errcode) => {
    expect(refused(errcode)).toBe(true)
  })

  it.each([45002, 40033])('is not concluded from a refusal of the content: errcode %i', (errcode) => {
    expect(refused(errcode)).toBe(false)
  })

  it('is concluded from a refusal only', () => {
    expect(isKindRefused({ result: 'window-over' })).toBe(false)
    expect(isKindRefused({ result: 'gone', outcome: 'opted-out', errcode: 48008 })).toBe(false)
  })
})
