import { expect } from 'vitest'
import type { PlatformController } from '../../src/simulator/index.ts'
import type { Harness } from './sdk-harness.ts'
import { PLATFORM, SHOP, type WeChat } from './simulated-wechat.ts'

type Json = Record<string, unknown>

/** What an SDK does as a third-party platform (第三方平台); `server` gets the platform's pushes. */
export interface ComponentCase {
  name: string
  needs: string[]
  run(sdk: Harness, wechat: WeChat, server: string): Promise<void>
}

const platforms = new WeakMap<WeChat, PlatformController>()

function platformOf(wechat: WeChat, server: string): PlatformController {
  const known = platforms.get(wechat)
  if (known) return known
  wechat.simulator.addAccount({
    appId: SHOP,
    appSecret: 'test-secret-of-the-shop',
    token: 'testShopToken',
    encodingAesKey: null,
    mode: 'plain',
    name: '互通小店',
    callbackUrl: null,
  })
  const platform = wechat.simulator.addComponent({
    ...PLATFORM,
    authorisationUrl: `${server}/platform`,
    callbackUrl: `${server}/shop/$APPID$`,
    // SDKs exchange the code of the push themselves, and a code is valid once.
    separateCodes: true,
  })
  platforms.set(wechat, platform)
  return platform
}

/** The platform with a new ticket, and the fields that the SDK read from the push. */
async function ticketed(sdk: Harness, wechat: WeChat, server: string) {
  const platform = platformOf(wechat, server)
  await sdk.call('received', { platform: true })
  const push = await platform.pushTicket()
  expect(push).toMatchObject({ ok: true, body: 'success' })
  const received = await sdk.call<Json[]>('received', { platform: true })
  return { platform, push, received }
}

interface Exchanged {
  authorization_info: {
    authorizer_appid: string
    authorizer_access_token: string
    authorizer_refresh_token: string
  }
}

/** The owner authorises again, and the SDK exchanges the code of the page. */
async function authorised(sdk: Harness, wechat: WeChat, server: string) {
  const { platform } = await ticketed(sdk, wechat, server)
  if (platform.authorisation(SHOP)) await platform.revoke(SHOP)
  await sdk.call('received', { platform: true })
  const { pre_auth_code: code } = await sdk.call<Json>('component.preauthcode')
  const consent = await platform.authorise(String(code), SHOP)
  const received = await sdk.call<Json[]>('received', { platform: true })
  const exchanged = await sdk.call<Exchanged>('component.queryAuth', { code: consent.authCode })
  return { platform, consent, received, info: exchanged.authorization_info }
}

const AUTHORISED = ['component.preauthcode', 'component.queryAuth']

export const COMPONENT_CASES: readonly ComponentCase[] = [
  {
    name: 'reads the ticket that WeChat pushes',
    needs: ['component.token'],
    async run(sdk, wechat, server) {
      const { push, received } = await ticketed(sdk, wechat, server)
      const { ComponentVerifyTicket } = push.fields
      expect(received).toMatchObject([{ InfoType: 'component_verify_ticket', ComponentVerifyTicket }])
    },
  },
  {
    name: "fetches the platform's token by the ticket",
    needs: ['component.token'],
    async run(sdk, wechat, server) {
      await ticketed(sdk, wechat, server)
      const { component_access_token: token } = await sdk.call<Json>('component.token')
      const { tokens } = wechat.simulator.wechat.components.get(PLATFORM.appId) ?? {}
      expect(tokens?.owns(String(token))).toBe(true)
    },
  },
  {
    name: 'is told that an owner agreed, and exchanges the code',
    needs: AUTHORISED,
    async run(sdk, wechat, server) {
      const { consent, received, info } = await authorised(sdk, wechat, server)
      expect(consent.push).toMatchObject({ ok: true, infoType: 'authorized' })
      expect(received).toMatchObject([{ InfoType: 'authorized', AuthorizerAppid: SHOP }])
      expect(info).toMatchObject({
        authorizer_appid: SHOP,
        authorizer_access_token: expect.stringMatching(/./),
        authorizer_refresh_token: expect.stringMatching(/./),
      })
    },
  },
  {
    name: 'is told that an owner withdrew',
    needs: AUTHORISED,
    async run(sdk, wechat, server) {
      const { platform } = await authorised(sdk, wechat, server)
      expect(await platform.revoke(SHOP)).toMatchObject({ ok: true })
      const received = await sdk.call<Json[]>('received', { platform: true })
      expect(received).toMatchObject([{ InfoType: 'unauthorized', AuthorizerAppid: SHOP }])
    },
  },
  {
    name: 'is told that an owner agreed to other things',
    needs: AUTHORISED,
    async run(sdk, wechat, server) {
      const { platform } = await authorised(sdk, wechat, server)
      expect(await platform.updateAuthorisation(SHOP, [1, 2])).toMatchObject({ ok: true })
      const received = await sdk.call<Json[]>('received', { platform: true })
      expect(received).toMatchObject([{ InfoType: 'updateauthorized', AuthorizerAppid: SHOP }])
    },
  },
  {
    name: "refreshes an account's token",
    needs: [...AUTHORISED, 'component.refresh'],
    async run(sdk, wechat, server) {
      const { info } = await authorised(sdk, wechat, server)
      const refreshToken = info.authorizer_refresh_token
      const answer = await sdk.call<Json>('component.refresh', { appId: SHOP, refreshToken })
      expect(answer.authorizer_access_token).toEqual(expect.stringMatching(/./))
      expect(answer.authorizer_access_token).not.toBe(info.authorizer_access_token)
    },
  },
  {
    name: 'reads who an account is',
    needs: [...AUTHORISED, 'component.info'],
    async run(sdk, wechat, server) {
      await authorised(sdk, wechat, server)
      const answer = await sdk.call<Json>('component.info', { appId: SHOP })
      expect(answer).toMatchObject({
        authorizer_info: {
          nick_name: '互通小店',
          service_type_info: { id: 2 },
          verify_type_info: { id: 0 },
        },
        authorization_info: { authorizer_appid: SHOP },
      })
    },
  },
  {
    name: 'lists who has agreed',
    needs: [...AUTHORISED, 'component.list'],
    async run(sdk, wechat, server) {
      await authorised(sdk, wechat, server)
      const answer = await sdk.call<Json>('component.list')
      expect(answer).toMatchObject({ total_count: 1, list: [{ authorizer_appid: SHOP }] })
    },
  },
  {
    name: "reads an account's option",
    needs: [...AUTHORISED, 'component.option'],
    async run(sdk, wechat, server) {
      await authorised(sdk, wechat, server)
      const option = 'customer_service'
      const answer = await sdk.call<Json>('component.option', { appId: SHOP, option })
      expect(answer).toMatchObject({ authorizer_appid: SHOP, option_name: option })
    },
  },
  {
    name: 'sends for an account',
    needs: [...AUTHORISED, 'component.send'],
    async run(sdk, wechat, server) {
      const { info } = await authorised(sdk, wechat, server)
      const openId = 'oInteropOfTheShop00000000000'
      // A message of the account opens a grant at WeChat, whatever the platform answers.
      await wechat.simulator.account(SHOP).follow(openId)
      await wechat.simulator.account(SHOP).type(openId, '你好')
      const refreshToken = info.authorizer_refresh_token
      await sdk.call('component.send', { appId: SHOP, refreshToken, openId, text: '您好' })
      const sent = wechat.simulator.account(SHOP).sends.at(-1)
      expect(sent).toMatchObject({ openId, errcode: 0, body: { text: { content: '您好' } } })
    },
  },
]
