import { describe, expect, it } from 'vitest'
import { campaignSchema } from './model.ts'
import { hindrancesOf, type ServedAccount, servedBy } from './takers.ts'

const step = { id: 'a', after: '0s', send: { text: 'hi' } }
const campaign = (more: object = {}) =>
  campaignSchema.parse({ id: 'c', name: 'c', entry: { event: 'subscribe' }, steps: [step], ...more })
const account = (more: Partial<ServedAccount> = {}): ServedAccount => ({
  appId: 'wxa',
  name: '甲',
  state: 'active',
  stateReason: null,
  verified: null,
  refusedKinds: [],
  ...more,
})

describe('who can take a campaign', () => {
  it('all accounts, or those that it names', () => {
    const all = [account(), account({ appId: 'wxb' })]
    expect(servedBy(campaign(), all)).toHaveLength(2)
    expect(servedBy(campaign({ accounts: ['wxb', 'wxunknown'] }), all).map((a) => a.appId)).toEqual(['wxb'])
  })

  it('an active account, certified or not asked yet', () => {
    expect(hindrancesOf(campaign(), account())).toEqual([])
    expect(hindrancesOf(campaign(), account({ verified: true, refusedKinds: ['card'] }))).toEqual([])
  })

  it.each([
    [{ state: 'blocked', stateReason: '48004 api forbidden' }, 'its state is blocked (48004 api forbidden)'],
    [{ state: 'paused' }, 'its state is paused: '],
    [{ verified: false }, 'not certified'],
    [{ refusedKinds: ['text'] }, 'messages of kind text'],
  ])('not one with %o', (more, why) => {
    expect(hindrancesOf(campaign(), account(more))).toEqual([expect.stringContaining(why)])
  })
})
