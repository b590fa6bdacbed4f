import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PlatformController } from '../../src/simulator/index.ts'
import { TEST_PLATFORM } from '../fixtures/test-account.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { callApi } from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const CAMPAIGN = `
id: everybody
name: 所有账号
entry: { event: subscribe }
reply: { text: "欢迎关注 {{ account.name }}" }
steps:
  - { id: now, after: 0s, send: { text: 您好 } }
  - { id: later, after: 30s, since: entry, send: { text: 还在吗 } }
`

describe.skipIf(!inject('temporalAddress'))('a third-party platform', () => {
  let app: AppHarness
  let component: PlatformController
  const account = (appId: string) => app.services.accounts.find(appId)
  const sent = (appId: string) => app.simulator.account(appId).sends.filter((s) => s.errcode === 0)

  beforeAll(async () => {
    app = await startAppHarness({ temporalAddress: inject('temporalAddress'), platform: true })
    component = app.simulator.addComponent({
      ...TEST_PLATFORM,
      authorisationUrl: `${app.callbackUrl}/wechat/component`,
      callbackUrl: `${app.callbackUrl}/wechat/$APPID$`,
    })
    for (const name of ['甲', '乙', '丙', '丁']) {
      app.simulator.addAccount({
        appId: `wxowner-${name.codePointAt(0)}`,
        appSecret: 'test-of-the-owner',
        token: 'test-of-the-owner',
        encodingAesKey: TEST_PLATFORM.aesKey,
        mode: 'plain',
        name: `公众号${name}`,
        profile: 'wechat-2023',
        callbackUrl: 'http://127.0.0.1:9',
      })
    }
    await app.publish(CAMPAIGN)
  })
  afterAll(() => app?.close())
  const [A = '', B = '', C = '', D = ''] = ['甲', '乙', '丙', '丁'].map((n) => `wxowner-${n.codePointAt(0)}`)

  /** Authorises an account as an owner's browser does: the platform's link, WeChat's page, a scan, and the redirect back. */
  async function visit(appId: string, query = ''): Promise<Response> {
    const way = await fetch(`${app.callbackUrl}/wechat/component/authorize${query}`, { redirect: 'manual' })
    expect(way.status).toBe(302)
    const page = new URL(way.headers.get('location') ?? '')
    const form = new URLSearchParams([...page.searchParams, ['account', appId]])
    const scanned = await fetch(`${page.origin}${page.pathname}`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    })
    return fetch(scanned.headers.get('location') ?? '')
  }

  async function follow(appId: string, openId: string) {
    const wechat = app.simulator.account(appId)
    const result = await wechat.follow(openId)
    await app.waitForRun(appId, openId, (r) => r.state.steps[0]?.state === 'sent')
    return result
  }

  it('has no tokens before WeChat’s first ticket, and reports that', async () => {
    const early = await fetch(`${app.callbackUrl}/wechat/component/authorize`, { redirect: 'manual' })
    expect(early.status).toBe(503)
    expect(await component.pushTicket()).toMatchObject({ ok: true })
  })

  it('serves three accounts that their owners authorised in the browser', async () => {
    for (const appId of [A, B]) expect(await (await visit(appId)).text()).toContain('授权成功')
    expect((await visit(C, '?device=phone')).status).toBe(200)
    for (const appId of [A, B, C]) {
      expect(await account(appId)).toMatchObject({ kind: 'authorised', state: 'active' })
      expect((await app.services.accounts.find(appId))?.verified).toBe(true)
      const result = await follow(appId, 'oFirst')
      expect(result.passiveReply?.fields).toMatchObject({
        Content: expect.stringContaining('欢迎关注 公众号'),
      })
      expect(sent(appId)).toHaveLength(1)
    }
    expect(component.tokenRequests.component).toBe(1)
    const verified = await callApi<{ checks: { check: string; ok: boolean }[] }>(
      app.callbackUrl,
      `/api/accounts/${A}/verify`,
      {},
    )
    expect(verified.checks.every((c) => c.ok)).toBe(true)
  })

  it('stores no code, ticket or refresh token unencrypted', async () => {
    const rows = await app.services.db.execute(
      'SELECT (SELECT string_agg(e::text, $$ $$) FROM platform_events e) || (SELECT string_agg(a::text, $$ $$) FROM accounts a) || (SELECT string_agg(t::text, $$ $$) FROM component_tickets t) AS all',
    )
    const text = JSON.stringify(rows)
    expect(text).toContain('wxowner')
    expect(text).not.toMatch(/queryauthcode@@@|ticket@@@|refreshtoken@@@/)
  })

  it('refuses a forged push, and stores nothing', async () => {
    const { query, body } = component.envelope({ InfoType: 'unauthorized', AuthorizerAppid: A })
    query.set('msg_signature', '0'.repeat(40))
    const forged = await fetch(`${app.callbackUrl}/wechat/component?${query}`, { method: 'POST', body })
    expect(forged.status).toBe(401)
    expect(await account(A)).toMatchObject({ state: 'active' })
  })

  it('keeps an owned account when WeChat pushes an unauthorisation for it', async () => {
    await app.addAccount({ appId: 'wxowned-0000000001' })
    const pushed = await component.push({ InfoType: 'unauthorized', AuthorizerAppid: 'wxowned-0000000001' })
    expect(pushed).toMatchObject({ ok: true })
    await app.services.platform?.processEvents()
    expect(await account('wxowned-0000000001')).toMatchObject({ kind: 'owned', state: 'active' })
  })

  it('fetches its component token again when WeChat has invalidated it early', async () => {
    const requestsBefore = component.tokenRequests.component
    component.expireComponentToken()
    expect((await visit(B)).status).toBe(200)
    expect(component.tokenRequests.component).toBe(requestsBefore + 1)
  })

  it('accepts pushes that are encrypted with the previous key', async () => {
    component.rotateKey(TEST_PLATFORM.previousAesKey)
    expect(await component.pushTicket()).toMatchObject({ ok: true })
    component.rotateKey('strangetest'.repeat(4).slice(0, 43))
    expect(await component.pushTicket()).toMatchObject({ ok: false, status: 401 })
    component.rotateKey(TEST_PLATFORM.aesKey)
  })

  it('shows an owner with an expired or unknown link the remedy', async () => {
    for (const query of ['', '?auth_code=x', '?auth_code=x&state=made-up']) {
      const page = await fetch(`${app.callbackUrl}/wechat/component/authorized${query}`)
      expect(page.status).toBe(400)
      expect(await page.text()).toContain('重新授权')
    }
  })

  it('sends nothing for an account without the message permission until it is granted', async () => {
    const { pre_auth_code } = await preAuthCode()
    await component.authorise(pre_auth_code, D, { funcs: [2, 3] })
    await waitFor(async () => (await account(D))?.state === 'needs-authorisation')
    expect((await account(D))?.stateReason).toContain('消息管理')
    const wechat = app.simulator.account(D)
    await wechat.follow('oWaits')
    await app.waitForRun(D, 'oWaits', () => true)
    await component.updateAuthorisation(D, [1, 2, 3])
    await app.waitForRun(D, 'oWaits', (r) => r.state.steps[0]?.state === 'sent')
    expect(await account(D)).toMatchObject({ state: 'active' })
  })

  it('fetches the current refresh token from WeChat when the stored one is refused', async () => {
    component.invalidateRefreshToken(B)
    await expire(B)
    await follow(B, 'oRecovered')
    expect(await account(B)).toMatchObject({ state: 'active' })
    component.rotateRefreshTokens(true)
    await expire(B)
    await follow(B, 'oRotated')
    await expire(B)
    await follow(B, 'oRotatedAgain')
    component.rotateRefreshTokens(false)
  })

  it('stops an account whose refresh token is lost after a single call; other accounts continue', async () => {
    component.loseRefreshToken(C)
    await expire(C)
    const before = component.tokenRequests.authoriser
    const wechat = app.simulator.account(C)
    for (let i = 0; i < 10; i++) await wechat.follow(`oLost${i}`)
    await waitFor(async () => (await account(C))?.state === 'needs-authorisation')
    await follow(A, 'oUnmoved')
    expect(component.tokenRequests.authoriser - before).toBeLessThanOrEqual(3)
    // After another authorisation the waiting runs continue.
    await visit(C)
    await app.waitForRun(C, 'oLost0', (r) => r.state.steps[0]?.state === 'sent')
  })

  it('ends the runs of an account whose owner withdraws the authorisation', async () => {
    await follow(A, 'oGone')
    expect(await component.revoke(A)).toMatchObject({ ok: true })
    const run = await app.waitForRun(A, 'oGone', (r) => r.status === 'ended')
    expect(run.state.outcome).toBe('account-stopped')
    expect(await account(A)).toMatchObject({ state: 'needs-authorisation', refreshToken: null })
  })

  it.each([1, 2, 3, 4, 5] as const)('passes WeChat’s release test with group %i', async (group) => {
    expect(await component.runReleaseTest(group)).toMatchObject({ passed: true, failures: [] })
  })

  async function preAuthCode() {
    const way = await fetch(`${app.callbackUrl}/wechat/component/authorize`, { redirect: 'manual' })
    const pre_auth_code = new URL(way.headers.get('location') ?? '').searchParams.get('pre_auth_code') ?? ''
    return { pre_auth_code }
  }

  /** Expires the account's access token at WeChat and in the store. */
  async function expire(appId: string): Promise<void> {
    component.expireAuthoriserTokens(appId)
    await app.services.db.execute(`DELETE FROM access_tokens WHERE app_id = '${appId}'`)
  }
})
