import { describe, expect, it } from 'vitest'
import { type Verdict, verdictOf } from './verdict.ts'

const answered = (errcode: number) =>
  verdictOf({ kind: 'answered', errcode, errmsg: 'said WeChat', rid: 'rid-1', data: null })

const stopped = (state: string) => (errcode: number) => ({ is: 'account-stopped', state, errcode })
const over = (result: string) => () => ({ is: 'over', result: { result } })
const gone = (outcome: string) => (errcode: number) => ({
  is: 'over',
  result: { result: 'gone', outcome, errcode },
})

/** Contract, section 4. */
const MEANINGS: [title: string, codes: number[], verdict: (errcode: number) => object][] = [
  ['is sent', [0], () => ({ is: 'sent' })],
  ['is worth another try', [-1, 61450], (errcode) => ({ is: 'failed', reason: 'WeChat is busy', errcode })],
  ['asks for another token', [40001, 40014, 42001], (errcode) => ({ is: 'token-refused', errcode })],
  ['closes the grants', [45015], over('window-over')],
  ['empties the grant', [45047], over('quota-used')],
  ['wants the medium uploaded again', [40007], over('media-expired')],
  ['ends the run as unsubscribed', [43004, 50005], gone('unsubscribed')],
  ['ends the run as opted-out', [48002, 43019], gone('opted-out')],
  ['counts a follower that nobody knows', [40003], (errcode) => ({ is: 'bad-follower', errcode })],
  ['asks for the next minute', [45011], () => ({ is: 'rate-limited' })],
  ['blocks the account', [48001, 48004, 45087, 61007], stopped('blocked')],
  ['pauses the account', [40164, 61004], stopped('paused')],
  ['uses up the day', [45009], stopped('quota-exhausted')],
  ['wants a new authorisation', [61003, 61023], stopped('needs-authorisation')],
  [
    'refuses the message for what it is',
    [45002, 45008, 40033, 47001, 44004],
    (errcode) => ({ is: 'over', result: { result: 'refused', reason: 'refused by WeChat', errcode } }),
  ],
]

describe('an answer of WeChat', () => {
  for (const [title, codes, verdict] of MEANINGS) {
    it.each(codes)(`${title}: %i`, (errcode) => {
      expect(answered(errcode)).toEqual(verdict(errcode))
    })
  }

  it('with a code that nobody has described costs its step only', () => {
    const result = { result: 'refused', reason: 'refused by WeChat', errcode: 99_999 }
    expect(answered(99_999)).toEqual({ is: 'over', result })
  })
})

describe('no answer of WeChat', () => {
  it('is worth another try when the request never left', () => {
    const reason = 'no connection to WeChat (ECONNREFUSED)'
    expect(verdictOf({ kind: 'failed', reason })).toEqual({ is: 'failed', reason, errcode: null })
  })

  it.each(['timeout', 'lost', 'http'] as const)('leaves all open when the request had left: %s', (after) => {
    const verdict: Verdict = { is: 'unclear', after, reason: 'who knows' }
    expect(verdictOf({ kind: 'unclear', after, reason: 'who knows' })).toEqual(verdict)
  })
})
