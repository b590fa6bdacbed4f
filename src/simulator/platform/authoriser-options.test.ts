import { describe, expect, it } from 'vitest'
import { ACCOUNT, startFakePlatform } from '../../../test/fixtures/fake-platform-server.ts'

describe('the options that a platform sets for an account', () => {
  it('are read and set under both names, within the account’s permission sets', async () => {
    const platform = await startFakePlatform()
    await platform.authorised()
    const component = [...platform.simulator.wechat.components.values()][0]
    const token = component?.tokens.plainToken(Date.now()).access_token
    async function call(name: string, body: object): Promise<unknown> {
      const answer = await platform.simulator.app.request(
        `/cgi-bin/component/${name}?access_token=${token}`,
        {
          method: 'POST',
          body: JSON.stringify({
            component_appid: component?.options.appId,
            authorizer_appid: ACCOUNT,
            ...body,
          }),
        },
      )
      return answer.json()
    }
    const option_name = 'location_report'
    expect(await call('api_get_authorizer_option', { option_name })).toEqual({
      authorizer_appid: ACCOUNT,
      option_name,
      option_value: '0',
    })
    expect(await call('set_authorizer_option', { option_name, option_value: '2' })).toMatchObject({
      errcode: 0,
    })
    expect(await call('get_authorizer_option', { option_name })).toMatchObject({ option_value: '2' })
    expect(await call('api_set_authorizer_option', { option_name, option_value: '3' })).toMatchObject({
      errcode: 40035,
    })
    expect(await call('get_authorizer_option', { option_name: 'x' })).toMatchObject({ errcode: 40035 })
    expect(await call('get_authorizer_option', {})).toMatchObject({ errcode: 47001 })
    const authorisation = component?.authorisations.get(ACCOUNT)
    if (authorisation) authorisation.funcs = [1]
    expect(await call('get_authorizer_option', { option_name })).toMatchObject({ errcode: 61007 })
    await platform.close()
  })
})
