import type { SimAccount } from '../../../src/simulator/index.ts'
import { startWechat } from '../../load/wechat.ts'
import type { Arrival } from '../receiver.ts'

/** The simulated WeChat of the product: the sender of callbacks, and the receiver of messages. */
export interface Accounts {
  /** Adds an account with a campaign of one step for each delay, unless it is there. */
  register(delaysMs: readonly number[]): Promise<void>
  of(delayMs: number): SimAccount
  followedBy(openId: string): SimAccount
  arrivals(): Arrival[]
  /** Time from a message's request to WeChat's answer, ms. */
  delayAnswers(ms: number): void
  close(): Promise<void>
}

const TEXT = 'A text of some length, as a message to a follower has it. '.repeat(4).trim()
const ALL_CALLS = 1_000_000

/** Starts a simulated WeChat for the product at `base`. It waits for answers, and never stops pushing. */
export async function openAccounts(base: string): Promise<Accounts> {
  const wechat = await startWechat({ base }, true)
  const accounts = new Map<number, SimAccount>()
  const all = () => [...accounts.values()]
  const required = (account: SimAccount | undefined) => {
    if (!account) throw new Error('the account was not registered')
    return account
  }
  return {
    async register(delaysMs) {
      for (const delayMs of delaysMs) {
        if (accounts.has(delayMs)) continue
        const name = `peer${delayMs / 1_000}s`
        const appId = `wx${name}`.padEnd(18, '0')
        accounts.set(delayMs, await wechat.addAccount(appId, 'classic-48h'))
        await wechat.publish(
          `id: ${name}\nname: ${name}\naccounts: [${appId}]\nentry: {event: subscribe}\nsteps: [{id: first, after: ${delayMs / 1_000}s, send: {text: "${TEXT}"}}]\n`,
        )
      }
    },
    of: (delayMs) => required(accounts.get(delayMs)),
    followedBy: (openId) => required(all().find((account) => account.grants(openId).length > 0)),
    arrivals: () =>
      all().flatMap(({ sends }) => sends.filter((s) => s.delivered).map((s) => ({ id: s.openId, at: s.at }))),
    delayAnswers(latencyMs) {
      wechat.simulator.clearFaults()
      if (latencyMs > 0) wechat.simulator.fault({ api: 'custom/send', latencyMs, times: ALL_CALLS })
    },
    close: wechat.close,
  }
}
