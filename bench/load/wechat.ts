import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Agent, request } from 'undici'
import { createSimulator, type SimAccount, type Simulator } from '../../src/simulator/index.ts'
import { callApi } from '../../test/harness/process/program.ts'

/** WeChat's side of the load, in this process: signs and encrypts callbacks, re-sends after 5 s, and pauses (MarkFail). */
export interface LoadWechat {
  simulator: Simulator
  /** Registers an account in the product and in the simulator. */
  addAccount(appId: string, rules: 'wechat-2023' | 'classic-48h'): Promise<SimAccount>
  publish(yaml: string): Promise<void>
  close(): Promise<void>
}

/** Keeps many connections alive, as WeChat's servers do. */
const agent = new Agent({ connections: 2_500, connect: { timeout: 5_000 } })

/** A faster client than `fetch`, which needs a core for a thousand requests a second. */
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

/** The simulated WeChat. A `lenient` one waits for answers and never pauses, for tests that must not depend on speed. */
export async function startWechat(
  { base, callbackBase = base }: { base: string; callbackBase?: string },
  lenient = false,
): Promise<LoadWechat> {
  const lenience = { answerWithinMs: 60_000, markFail: { failures: Number.POSITIVE_INFINITY, pauseMs: 0 } }
  const simulator = createSimulator({ resendAfterMs: 5_000, post, ...(lenient ? lenience : {}) })
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

const BATCH_SIZE = 10

/** The result of `sendFollows`. */
export interface FollowResult {
  /** ms from a follow until WeChat had an accepted answer, re-sends included. Only of answered follows. */
  answered: number[]
  /** When each follower followed, epoch ms. */
  followedAt: Map<string, number>
  /** Followers whose callbacks were never accepted. */
  undelivered: string[]
  /**
   * Longest delay of this process's event loop, ms. When it comes close to WeChat's 5 s, the failures are those of the load
   * generator, and the run is not valid.
   */
  maxEventLoopDelayMs: number
  /** Follows that were really sent, a second. Below the requested rate when this process is too slow. */
  rate: number
}

/**
 * Sends `count` follows of new followers, evenly over `seconds`. Each is sent at its time, whether or not earlier ones have
 * been answered. Resolves when WeChat has the last answer or has dropped the callback.
 */
export async function sendFollows(
  account: SimAccount,
  name: string,
  { count, seconds }: { count: number; seconds: number },
): Promise<FollowResult> {
  const result: FollowResult = {
    answered: [],
    followedAt: new Map(),
    undelivered: [],
    rate: 0,
    maxEventLoopDelayMs: 0,
  }
  const follow = async (openId: string) => {
    result.followedAt.set(openId, Date.now())
    const began = performance.now()
    const { ok } = await account.follow(openId)
    if (ok) result.answered.push(performance.now() - began)
    else result.undelivered.push(openId)
  }
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1_000
  const pending: Promise<void>[] = []
  while (pending.length < count) {
    const due = Math.min(count, Math.ceil((passed() / seconds) * count))
    // In batches: a late generator must still read answers.
    for (let n = 0; n < BATCH_SIZE && pending.length < due; n++)
      pending.push(follow(`o${name}${pending.length}`))
    await new Promise((resolve) => (pending.length < due ? setImmediate(resolve) : setTimeout(resolve, 5)))
  }
  result.rate = count / Math.max(passed(), 0.001)
  await Promise.all(pending)
  delay.disable()
  result.maxEventLoopDelayMs = delay.max / 1e6
  return result
}
