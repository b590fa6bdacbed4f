import { describe, expect, it } from 'vitest'
import { SIM_NOW, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

describe('openapi/rid/get', () => {
  it('returns the request of a failed call, to its own account only', async () => {
    const { post, simulator } = await startSimulatorApi({ certified: false })
    const refused = await post('cgi-bin/user/info/updateremark', { openid: 'oTest', remark: 'a' })
    const rid = /rid: (.+)$/.exec(String(refused.errmsg))?.[1]
    const found = await post('cgi-bin/openapi/rid/get', { rid })
    expect(found).toMatchObject({
      errcode: 0,
      request: {
        invoke_time: SIM_NOW / 1000,
        request_url: 'access_token=***',
        request_body: '{"openid":"oTest","remark":"a"}',
        response_body: JSON.stringify(refused),
        client_ip: '127.0.0.1',
      },
    })
    expect(await post('cgi-bin/openapi/rid/get', { rid: '1-2-3' })).toMatchObject({ errcode: 76001 })
    const strange = await simulator.app.request('/cgi-bin/user/get?access_token=nobody')
    const other = /rid: (.+)$/.exec(((await strange.json()) as { errmsg: string }).errmsg)?.[1]
    expect(await post('cgi-bin/openapi/rid/get', { rid: other })).toMatchObject({ errcode: 76002 })
  })
})
