import { describe, expect, it } from 'vitest'
import { Faults } from './faults.ts'

const send = { path: '/cgi-bin/message/custom/send', appId: 'wxtest0000000001', openId: 'oTest' }
const token = { path: '/cgi-bin/stable_token', appId: null, openId: null }

describe('a fault', () => {
  it('applies to the next call only, unless `times` is given', () => {
    const faults = new Faults()
    faults.add({ errcode: -1 })
    expect([faults.take(send)?.errcode, faults.take(send)]).toEqual([-1, null])
    faults.add({ errcode: -1, times: 2 })
    expect([1, 2, 3].map(() => faults.take(send)?.errcode)).toEqual([-1, -1, undefined])
  })

  it.each([
    ['another API', { api: 'stable_token' }],
    ['another account', { appId: 'wxother000000001' }],
    ['another follower', { openId: 'oOther' }],
  ])('does not apply to a call of %s and stays active', (_, filter) => {
    const faults = new Faults()
    faults.add({ ...filter, errcode: -1 })
    expect(faults.take(send)).toBeNull()
    expect(faults.list()).toHaveLength(1)
  })

  it('applies to the call that matches its filters', () => {
    const faults = new Faults()
    faults.add({ api: 'custom/send', appId: send.appId, openId: send.openId, errcode: 45015 })
    expect(faults.take(token)).toBeNull()
    expect(faults.take(send)?.errcode).toBe(45015)
  })

  it('applies in the order in which the faults were added', () => {
    const faults = new Faults()
    faults.add({ errcode: 1 })
    faults.add({ errcode: 2 })
    expect([1, 2, 3].map(() => faults.take(send)?.errcode)).toEqual([1, 2, undefined])
  })

  it('is listed with its remaining calls and can be cleared', () => {
    const faults = new Faults()
    faults.add({ api: 'custom/send', errcode: -1, times: 3 })
    faults.take(send)
    expect(faults.list()).toEqual([{ api: 'custom/send', errcode: -1, times: 2 }])
    faults.clear()
    expect([faults.list(), faults.take(send)]).toEqual([[], null])
  })
})
