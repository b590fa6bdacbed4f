import { describe, expect, it } from 'vitest'
import { SIM_NOW, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

describe('ticket/getticket', () => {
  it('returns the same ticket until it expires, one for each type', async () => {
    const clock = { now: SIM_NOW }
    const { get } = await startSimulatorApi({ certified: false }, { now: () => clock.now })
    const jsapi = await get('cgi-bin/ticket/getticket?type=jsapi')
    expect(jsapi).toEqual({ errcode: 0, errmsg: 'ok', ticket: expect.any(String), expires_in: 7200 })
    clock.now += 60_000
    expect(await get('cgi-bin/ticket/getticket?type=jsapi')).toEqual({ ...jsapi, expires_in: 7140 })
    const card = await get('cgi-bin/ticket/getticket?type=wx_card')
    expect(card.ticket).not.toBe(jsapi.ticket)
    expect(await get('cgi-bin/ticket/getticket?type=other')).toMatchObject({ errcode: 40097 })
  })
})
