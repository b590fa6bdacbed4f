import type { Simulator } from '../../src/simulator/index.ts'
import type { Random } from '../harness/random.ts'
import { ACCOUNTS, MENU_KEY } from './campaigns.ts'
import type { FactRecord, FollowerAction } from './judge/evidence.ts'

/** The callback faults that are active now. */
export interface CallbackFaults {
  /** WeChat loses the first answer, so it repeats the callback. */
  losesAnswers: boolean
  /**
   * WeChat's clock minus the clock of this machine, s. Above 0 it is the largest difference, and each push has its own: the
   * CreateTime keeps the true time, so a product that has just restarted must not learn the difference as steady.
   */
  clockSkewS: number
}

type ScriptStep = { after: [number, number]; do: FollowerAction['kind'] | 'pay' }

/** What followers do. `after` is the range of ms since the action before. */
const SCRIPTS: readonly [ScriptStep[], ...ScriptStep[][]] = [
  [],
  [{ after: [2_000, 12_000], do: 'type' }],
  [{ after: [8_000, 20_000], do: 'type' }],
  [
    { after: [2_000, 6_000], do: 'type' },
    { after: [2_000, 6_000], do: 'type' },
    { after: [2_000, 6_000], do: 'type' },
  ],
  [{ after: [1_500, 15_000], do: 'unfollow' }],
  [
    { after: [1_500, 8_000], do: 'type' },
    { after: [1_500, 8_000], do: 'unfollow' },
  ],
  [
    { after: [1_500, 6_000], do: 'unfollow' },
    { after: [1_500, 4_000], do: 'follow' },
    { after: [2_000, 6_000], do: 'type' },
  ],
  [
    { after: [3_000, 10_000], do: 'click' },
    { after: [3_000, 8_000], do: 'type' },
  ],
]

/** What followers of the campaign with forks do: answer, tap, pay, or stay silent. Its question comes after two seconds. */
const FORKED_SCRIPTS: readonly [ScriptStep[], ...ScriptStep[][]] = [
  [],
  [{ after: [3_000, 10_000], do: 'type' }],
  [{ after: [3_000, 18_000], do: 'type' }],
  [
    { after: [3_000, 9_000], do: 'type' },
    { after: [1_100, 4_000], do: 'type' },
    { after: [1_100, 4_000], do: 'click' },
  ],
  [{ after: [3_000, 12_000], do: 'click' }],
  [
    { after: [3_000, 9_000], do: 'type' },
    { after: [0, 9_000], do: 'pay' },
  ],
  [{ after: [2_000, 24_000], do: 'pay' }],
  [
    { after: [3_000, 9_000], do: 'type' },
    { after: [1_500, 8_000], do: 'unfollow' },
    { after: [1_500, 4_000], do: 'follow' },
    { after: [3_000, 9_000], do: 'type' },
  ],
]
/** What followers of the account with a cap do. Whoever types is answered from then on, which no cap limits. */
const CAPPED_SCRIPTS: readonly [ScriptStep[], ...ScriptStep[][]] = [
  [],
  [],
  [{ after: [2_000, 20_000], do: 'type' }],
  [{ after: [4_000, 20_000], do: 'unfollow' }],
]
const WORDS: readonly [string, ...string[]] = ['1', '1', '2', 'hello']

/** Followers who follow, type, tap and unfollow as the seed decides. A follower acts again only when the push of the last action is over. */
export class Followers {
  readonly actions: FollowerAction[] = []
  readonly facts: FactRecord[] = []
  private readonly simulator: Simulator
  private readonly random: Random
  private readonly callbackFaults: CallbackFaults
  private readonly perSecond: number
  private readonly setPaid: (appId: string, openId: string) => Promise<number | null>

  constructor(deps: {
    simulator: Simulator
    random: Random
    callbackFaults: CallbackFaults
    /** Mean number of new followers per second. */
    perSecond: number
    /** Sets the fact `paid` by the API. @returns when that was accepted, epoch ms; null: it was not */
    setPaid(appId: string, openId: string): Promise<number | null>
  }) {
    this.simulator = deps.simulator
    this.random = deps.random
    this.callbackFaults = deps.callbackFaults
    this.perSecond = deps.perSecond
    this.setPaid = deps.setPaid
  }

  /** New followers arrive until `until` (epoch ms). Resolves after the last action of all of them. */
  async run(until: number): Promise<void> {
    const { random } = this
    const running: Promise<void>[] = []
    while (Date.now() < until) {
      const { appId, rules } = random.pick(ACCOUNTS)
      const script = random.pick(rules.ways ? FORKED_SCRIPTS : rules.cap ? CAPPED_SCRIPTS : SCRIPTS)
      const waits = script.map((m) => random.integerBetween(...m.after))
      running.push(this.follow(appId, `oChaos${running.length}`, script, waits))
      await pause(random.integerBetween(200, 1_800) / this.perSecond)
    }
    await Promise.all(running)
  }

  private async follow(
    appId: string,
    openId: string,
    script: readonly ScriptStep[],
    waits: readonly number[],
  ): Promise<void> {
    let last = await this.act(appId, openId, 'follow', 0)
    for (const [i, step] of script.entries()) {
      await pause(waits[i] ?? 0)
      if (step.do === 'pay') await this.pay(appId, openId)
      else last = await this.act(appId, openId, step.do, last)
    }
  }

  private async pay(appId: string, openId: string): Promise<void> {
    const began = Date.now()
    this.facts.push({ appId, openId, began, ended: await this.setPaid(appId, openId) })
  }

  /** Does one action. @returns its CreateTime, s; no follower acts twice within a second */
  private async act(
    appId: string,
    openId: string,
    kind: FollowerAction['kind'],
    last: number,
  ): Promise<number> {
    const { random, callbackFaults } = this
    const chances = { twice: random.chance(0.1), lost: random.chance(0.05) }
    const lateS = kind === 'follow' ? lateSecondsOf(appId) : 0
    const createTime = (await this.createTimeAfter(last)) - lateS
    const began = Date.now()
    const options = {
      createTime,
      timestamp: Math.floor(began / 1000) + this.clockSkewOfPush(),
      times: chances.twice ? 2 : 1,
      dropAnswers: chances.lost || callbackFaults.losesAnswers ? 1 : 0,
    }
    const wechat = this.simulator.account(appId)
    const isForked = ACCOUNTS.some((a) => a.appId === appId && a.rules.ways)
    const text = isForked ? random.pick(WORDS) : 'hello'
    const push = {
      follow: () => wechat.follow(openId, options),
      unfollow: () => wechat.unfollow(openId, options),
      type: () => wechat.type(openId, text, options),
      click: () => wechat.tapMenu(openId, MENU_KEY, options),
    }[kind]
    const { ok, attempts } = await push()
    const times = { createTime: createTime * 1000, began, ended: Date.now() }
    this.actions.push({ appId, openId, kind, ...(kind === 'type' ? { text } : {}), ...times, ok, attempts })
    return createTime
  }

  private clockSkewOfPush(): number {
    const { clockSkewS } = this.callbackFaults
    return clockSkewS > 0 ? this.random.integerBelow(clockSkewS) : clockSkewS
  }

  private async createTimeAfter(last: number): Promise<number> {
    for (;;) {
      const createTime = Math.floor(Date.now() / 1000) + Math.min(0, this.callbackFaults.clockSkewS)
      if (createTime > last) return createTime
      await pause(100)
    }
  }
}

/** How late WeChat delivers the follows of an account, s. */
function lateSecondsOf(appId: string): number {
  return (ACCOUNTS.find((a) => a.appId === appId)?.rules.followsLateMs ?? 0) / 1000
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
