import { afterAll, describe, expect, inject, it } from 'vitest'
import type { PresentedRun } from '../../src/run/present.ts'
import { signatureOf } from '../../src/wechat/callback/crypto.ts'
import {
  callApi,
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const SHOP = 'wxsimulatedshop01'
const OTHER_SHOP = 'wxsimulatedshop02'

interface AccountItem {
  appId: string
  kind: string
  state: string
  apiBase: string | null
}

describe.skipIf(!inject('temporalAddress'))('the simulated platform of npm start', () => {
  const programs: Program[] = []
  const cleanUps: (() => void)[] = []
  afterAll(async () => {
    for (const program of programs) await stop(program)
    for (const f of cleanUps) f()
  })

  async function settings() {
    const made = await isolatedSettings()
    cleanUps.push(made.cleanUp)
    return made.env
  }
  async function start(env: Record<string, string>): Promise<{ base: string; program: Program }> {
    const program = spawnProgram('src/start.ts', env)
    programs.push(program)
    return { base: (await waitUntilReady(program)).replace(/\/$/, ''), program }
  }
  async function stop(program: Program): Promise<void> {
    program.process.kill('SIGTERM')
    await program.exited
  }
  const accounts = async (base: string) =>
    (await callApi<{ items: AccountItem[] }>(base, '/api/accounts')).items

  /** Authorises an account as an owner's browser does: the link, WeChat's page, a click on the account, and the redirect back. Returns WeChat's URL. */
  async function authorise(base: string, appId: string): Promise<{ wechat: string; end: Response }> {
    const way = await fetch(`${base}/wechat/component/authorize`, { redirect: 'manual' })
    expect(way.status).toBe(302)
    const address = new URL(way.headers.get('location') ?? '')
    const shown = await (await fetch(address)).text()
    expect(shown).toContain(`value="${appId}"`)
    // The product's own simulated account has no other owner.
    expect(shown).not.toContain('wxsimulated000001')
    const body = new URLSearchParams([...address.searchParams, ['account', appId]])
    const scanned = await fetch(`${address.origin}${address.pathname}`, {
      method: 'POST',
      body,
      redirect: 'manual',
    })
    return { wechat: address.origin, end: await fetch(scanned.headers.get('location') ?? '') }
  }

  async function followAndGetMessage(base: string, wechat: string, appId: string, openId: string) {
    const phone = `${wechat}/_sim/${appId}/${openId}`
    const { passiveReply } = await callApi<{ passiveReply: unknown }>(phone, '/act', { do: 'follow' })
    expect(JSON.stringify(passiveReply)).toContain('欢迎光临')
    const step = async () =>
      (await callApi<PresentedRun>(base, `/api/followers/${appId}/${openId}`).catch(() => null))?.steps[0]
    await waitFor(async () => (await step())?.state === 'sent')
    const { messages } = await callApi<{ messages: { via: string }[] }>(phone, '/state')
    expect(messages.filter((m) => m.via === 'custom')).toHaveLength(1)
  }

  let env: Record<string, string>
  it('serves an account that was authorised in the browser, also after a restart on other ports', async () => {
    env = await settings()
    const free = { ...env, PORT: '0', SIMULATOR_PORT: '0' }
    const first = await start(free)
    expect(await accounts(first.base)).toMatchObject([{ appId: 'wxsimulated000001', kind: 'owned' }])
    const { wechat, end } = await authorise(first.base, SHOP)
    expect(await end.text()).toContain('授权成功')
    const shop = { appId: SHOP, kind: 'authorised', state: 'active' }
    expect((await accounts(first.base))[1]).toMatchObject({ ...shop, apiBase: wechat })
    await followAndGetMessage(first.base, wechat, SHOP, 'oBefore')
    await stop(first.program)

    const second = await start(free)
    // Further owners can authorise; the first one need not authorise again.
    const { wechat: moved } = await authorise(second.base, OTHER_SHOP)
    expect(moved).not.toBe(wechat)
    expect((await accounts(second.base))[1]).toMatchObject({ ...shop, apiBase: moved })
    for (const appId of [SHOP, OTHER_SHOP]) await followAndGetMessage(second.base, moved, appId, 'oAfter')
    // The owner withdraws the authorisation.
    await fetch(`${moved}/accounts/${OTHER_SHOP}/revoke`, { method: 'POST' })
    await waitFor(async () => (await accounts(second.base))[2]?.state === 'needs-authorisation')
    await stop(second.program)
  })

  it('is absent where a real platform is configured, and its accounts are suspended meanwhile', async () => {
    const real = {
      COMPONENT_APP_ID: 'wxtestplatform0001',
      COMPONENT_APP_SECRET: 'test-secret',
      COMPONENT_TOKEN: 'test-token',
      COMPONENT_AES_KEY: 'testtesttesttesttesttesttesttesttesttesttes',
      PUBLIC_URL: 'http://127.0.0.1:9',
      WECHAT_API_BASE: 'http://127.0.0.1:9',
    }
    const { base, program } = await start({ ...env, ...real })
    const wechat = `http://127.0.0.1:${env.SIMULATOR_PORT}`
    const simulated = await callApi<{ items: { appId: string }[] }>(wechat, '/_sim/accounts')
    expect(simulated.items.map((a) => a.appId)).toEqual(['wxsimulated000001'])
    expect(await callApi(wechat, '/_sim/component')).toEqual({ items: [] })
    expect((await accounts(base))[1]).toMatchObject({ appId: SHOP, state: 'needs-authorisation' })
    await stop(program)

    const restarted = await start(env)
    expect((await accounts(restarted.base)).map((a) => a.state)).toEqual([
      'active',
      'active',
      'needs-authorisation',
    ])
    await followAndGetMessage(restarted.base, wechat, SHOP, 'oAgain')
    await stop(restarted.program)
  })

  it('serves no demo account where the simulator is off, and logs that', async () => {
    const { base, program } = await start({ ...env, SIMULATOR: 'off' })
    expect((await accounts(base)).map((a) => a.state)).toEqual([
      'paused',
      'needs-authorisation',
      'needs-authorisation',
    ])
    await waitFor(() => program.stderr().includes('the simulated account is paused'))
    // The secrets of the simulated account are public, so anybody can sign this.
    const query = { timestamp: String(Math.floor(Date.now() / 1000)), nonce: 'n', echostr: 'test' }
    const signature = signatureOf('test-token', query.timestamp, query.nonce)
    const requests = `${base}/wechat/wxsimulated000001?${new URLSearchParams({ ...query, signature })}`
    expect((await fetch(requests)).status).toBe(404)
    await stop(program)
  })
})
