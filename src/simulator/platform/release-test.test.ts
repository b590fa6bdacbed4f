import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ACCOUNT,
  COMPONENT,
  type FakePlatform,
  startFakePlatform,
  textReply,
} from '../../../test/fixtures/fake-platform-server.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { isReleaseTestAccount, RELEASE_TEST_ACCOUNTS } from './release-test.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

let platform: FakePlatform
beforeEach(async () => {
  // Long enough for a busy machine. One test waits until it has passed, twice.
  platform = await startFakePlatform({}, 2_000)
})
afterEach(() => platform.close())

/** Makes the fake platform answer as WeChat requires; `spoil` changes one of the answers. */
async function preparePlatform(
  spoil: Partial<{ text: string; code: string; sends: boolean; event: string }> = {},
) {
  const token = await platform.componentToken()
  platform.product.onMessage = (fields) => {
    if (fields.Event) return textReply(fields, spoil.event ?? `${fields.Event}from_callback`)
    const code = /^QUERY_AUTH_CODE:(.*)/.exec(fields.Content ?? '')?.[1]
    if (!code) return textReply(fields, spoil.text ?? `${fields.Content}_callback`)
    if (spoil.sends !== false) {
      void platform
        .queryAuth(token, code)
        .then((i) =>
          platform.send(String(i.authorizer_access_token), fields.FromUserName ?? '', `${code}_from_api`),
        )
    }
    return spoil.code ?? ''
  }
}

describe('the release test', () => {
  it.each([1, 2, 3, 4, 5] as const)(
    'passes a platform that answers everything correctly, group %i',
    async (group) => {
      await preparePlatform()
      expect(await platform.component.runReleaseTest(group)).toEqual({ passed: true, failures: [] })
      const { appId } = RELEASE_TEST_ACCOUNTS[group]
      expect(platform.product.received.at(-1)?.path).toBe(`/wechat/${appId}`)
      expect(isReleaseTestAccount(appId)).toBe(true)
      expect(platform.component.authorisation(appId)).toBeUndefined()
    },
  )

  it.each([
    ['the text', { text: 'other' }, ['TESTCOMPONENT_MSG_TYPE_TEXT: the passive reply']],
    ['the empty answer', { code: 'success' }, ['QUERY_AUTH_CODE: the answer must be an empty string']],
    ['the message', { sends: false }, ['no custom/send', 'not exchanged']],
    ['the event', { event: 'other' }, ['LOCATION: the passive reply']],
  ])('reports what is wrong: %s', async (_, spoil, reasons) => {
    await preparePlatform(spoil)
    const { passed, failures } = await platform.component.runReleaseTest(1)
    expect(passed).toBe(false)
    expect(failures).toHaveLength(reasons.length)
    for (const [i, part] of reasons.entries()) expect(failures[i]).toContain(part)
  })

  it('requires the answer success to the ticket', async () => {
    await preparePlatform()
    platform.product.onAuthorisation = () => 'ok'
    const { failures } = await platform.component.runReleaseTest(1)
    expect(failures).toEqual(['ticket: the answer must be success, was 200 "ok"'])
  })
})

describe('a platform that sends with another token than that of the code', () => {
  it('does not pass', async () => {
    await preparePlatform({ sends: false })
    const token = await platform.componentToken()
    const answer = platform.product.onMessage
    platform.product.onMessage = async (fields, appId) => {
      const code = /^QUERY_AUTH_CODE:(.*)/.exec(fields.Content ?? '')?.[1]
      if (!code) return answer(fields, appId)
      const info = await platform.queryAuth(token, code)
      const { authorizer_access_token: other } = await platform.callComponent('api_authorizer_token', token, {
        authorizer_appid: appId,
        authorizer_refresh_token: info.authorizer_refresh_token,
      })
      await platform.send(String(other), fields.FromUserName ?? '', `${code}_from_api`)
      return ''
    }
    const { failures } = await platform.component.runReleaseTest(3)
    expect(failures).toEqual(['QUERY_AUTH_CODE: custom/send did not use the token of that code'])
  })
})

describe('the control calls of a platform', () => {
  const call = async (name: string, body?: object, componentAppId = COMPONENT) => {
    const answer = await platform.simulator.app.request(`/_sim/component/${componentAppId}/${name}`, {
      method: 'POST',
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    })
    return { status: answer.status, body: await answer.json() }
  }

  it('push a ticket, run the release test, change and revoke an authorisation', async () => {
    await platform.authorised()
    await preparePlatform()
    expect(await call('push-ticket')).toMatchObject({ status: 200, body: { ok: true } })
    expect(await call('release-test', { group: 2 })).toMatchObject({ body: { passed: true } })
    expect(await call('update-authorisation', { appId: ACCOUNT, funcs: [1] })).toMatchObject({
      body: { infoType: 'updateauthorized' },
    })
    expect(await call('update-authorisation', { appId: ACCOUNT, funcs: [1] })).toMatchObject({
      body: { changed: false },
    })
    const listed = async () => await (await platform.simulator.app.request('/_sim/component')).json()
    expect(await listed()).toMatchObject({ items: [{ accounts: [{ appId: ACCOUNT, funcs: [1] }] }] })
    expect(await call('revoke', { appId: ACCOUNT })).toMatchObject({ body: { infoType: 'unauthorized' } })
    expect(await listed()).toMatchObject({ items: [{ appId: COMPONENT, accounts: [] }] })
  })

  it('refuse invalid requests', async () => {
    expect((await call('release-test', { group: 6 })).status).toBe(400)
    expect((await call('revoke', { appId: ACCOUNT })).status).toBe(400)
    expect((await call('push-ticket', {}, 'wxother')).status).toBe(404)
  })
})
