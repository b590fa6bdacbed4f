import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ACCOUNT,
  COMPONENT,
  type FakePlatform,
  startFakePlatform,
} from '../../../test/fixtures/fake-platform-server.ts'

let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
})
afterEach(() => platform.close())

async function control(action: string, body: object = {}) {
  const path = `/_sim/component/${COMPONENT}/${action}`
  const answer = await platform.simulator.app.request(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  return { status: answer.status, ...((await answer.json()) as object) }
}
async function listed() {
  const answer = (await (await platform.simulator.app.request('/_sim/component')).json()) as {
    items: unknown[]
  }
  return answer.items[0]
}

describe('the control API of a platform', () => {
  it('expires the platform’s token and tickets, or one account’s tokens', async () => {
    const { token, accessToken } = await platform.authorised()
    await platform.wechat.follow('oTest')
    expect(await control('expire', { appId: ACCOUNT })).toMatchObject({ status: 200, changed: true })
    expect((await platform.send(accessToken, 'oTest')).errcode).toBe(42001)
    expect((await platform.callComponent('api_create_preauthcode', token)).errcode).toBeUndefined()
    await control('expire')
    expect((await platform.callComponent('api_create_preauthcode', token)).errcode).toBe(42006)
    expect((await platform.requestToken(platform.component.pushedTickets.at(-1)?.ticket)).errcode).toBe(61005)
  })

  it.each([
    [false, /^refreshtoken@@@/],
    [true, /^$/],
  ])('invalidates a refresh token (lost: %s)', async (lost, known) => {
    const { token, refreshToken } = await platform.authorised()
    await control('drop-refresh-token', { appId: ACCOUNT, lost })
    expect((await platform.refresh(token, refreshToken)).errcode).toBe(61023)
    const { list } = await platform.callComponent('api_get_authorizer_list', token, { offset: 0, count: 10 })
    expect((list as { refresh_token: string }[])[0]?.refresh_token).toMatch(known)
  })

  it('lists accounts that have authorised the platform and accounts that have withdrawn', async () => {
    await platform.authorised()
    expect(await listed()).toMatchObject({ accounts: [{ appId: ACCOUNT }], revoked: [] })
    await control('revoke', { appId: ACCOUNT })
    expect(await listed()).toMatchObject({ accounts: [], revoked: [ACCOUNT] })
  })

  it('answers 400 to an invalid request', async () => {
    expect(await control('expire', { appId: 'wxnobody' })).toMatchObject({ status: 400 })
    expect(await control('drop-refresh-token')).toMatchObject({ status: 400 })
  })
})
