import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Agent, request } from 'undici'
import { createSimulator, type SimAccount, type Simulator } from '../../src/simulator/index.ts'
import { callApi } from '../../test/harness/process/program.ts'

/** WeChat's side of the load, in this process: it signs and seals, sends again after 5 s, and falls silent (MarkFail). */
export interface LoadingWechat {
  simulator: Simulator
  /** Registers an account at the product and here. */
  addAccount(appId: string, rules: 'wechat-2023' | 'classic-48h'): Promise<SimAccount>
  publish(yaml: string): Promise<void>
  close(): Promise<void>
}

/** Many connections, each used again, as WeChat's servers have them. */
const agent = new Agent({ connections: 2_500, connect: { timeout: 5_000 } })

/** Leaner than `fetch`, which at a thousand a second keeps a core busy by itself. */
async function post(url: string, body: string, contentType: string, withinMs: number) {
  const answer = await request(url, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType },
    dispatcher: agent,
    headersTimeout: withinMs,
    bodyTimeout: withinMs,
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}

const KEYS = {
  appSecret: 'test-secret',
  token: 'test-token',
  encodingAesKey: 'testtesttesttesttesttesttesttesttesttesttes',
}

/** WeChat as it is; or a `patient` one, for a test that must not depend on how fast the machine is. */
export async function startWechat(
  { base, callbackBase = base }: { base: string; callbackBase?: string },
  patient = false,
): Promise<LoadingWechat> {
  const patience = { answerWithinMs: 60_000, markFail: { failures: Number.POSITIVE_INFINITY, pauseMs: 0 } }
  const simulator = createSimulator({ resendAfterMs: 5_000, post, ...(patient ? patience : {}) })
  const { url: apiBase } = await simulator.listen(0)
  return {
    simulator,
    async addAccount(appId, rules) {
      await callApi(base, '/api/accounts', { ...KEYS, appId, mode: 'security', rules, apiBase })
      simulator.addAccount({
        ...KEYS,
        appId,
        name: appId,
        mode: 'security',
        profile: rules,
        callbackUrl: `${callbackBase}/wechat/${appId}`,
      })
      return simulator.account(appId)
    },
    async publish(yaml) {
      const id = /^id: (\S+)$/m.exec(yaml)?.[1]
      const answer = await fetch(`${base}/api/campaigns/${id}`, {
        method: 'PUT',
        headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/yaml' },
        body: yaml,
      })
      if (answer.status !== 201) throw new Error(await answer.text())
    },
    close: simulator.close,
  }
}

const AT_A_TIME = 10

export interface Flood {
  /** ms from a follow until WeChat had a good answer, its re-sends included; only of those that got one. */
  answered: number[]
  /** Followers whose callback WeChat could not deliver at all. */
  undelivered: string[]
  /**
   * The longest time, ms, in which this process heard nothing. Where it comes near to WeChat's 5 s, the failures are its
   * own, and the run says nothing about the product.
   */
  deafMs: number
  /** The rate at which they really went out, a second: less than asked where this process could not do more. */
  rate: number
}

/**
 * `count` new followers, evenly spread over `seconds`: each goes out at its time, whether or not those before it have
 * been answered. Resolves when WeChat has its last answer, or has given up.
 */
export async function flood(
  account: SimAccount,
  name: string,
  { count, seconds }: { count: number; seconds: number },
): Promise<Flood> {
  const result: Flood = { answered: [], undelivered: [], rate: 0, deafMs: 0 }
  const one = async (openId: string) => {
    const began = performance.now()
    const { ok } = await account.follow(openId)
    if (ok) result.answered.push(performance.now() - began)
    else result.undelivered.push(openId)
  }
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1_000
  const under: Promise<void>[] = []
  while (under.length < count) {
    const due = Math.min(count, Math.ceil((passed() / seconds) * count))
    // Some at a time: where this process is late, it must still hear the answers.
    for (let n = 0; n < AT_A_TIME && under.length < due; n++) under.push(one(`o${name}${under.length}`))
    await new Promise((resolve) => (under.length < due ? setImmediate(resolve) : setTimeout(resolve, 5)))
  }
  result.rate = count / Math.max(passed(), 0.001)
  await Promise.all(under)
  delay.disable()
  result.deafMs = delay.max / 1e6
  return result
}
