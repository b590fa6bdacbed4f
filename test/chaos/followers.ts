import type { Simulator } from '../../src/simulator/index.ts'
import type { Random } from '../harness/random.ts'
import { ACCOUNTS } from './campaigns.ts'
import type { FollowerAction } from './judge/evidence.ts'

/** What goes wrong with callbacks at present; a fault switches it on. */
export interface CallbackFaults {
  /** WeChat loses the first answer, so it sends again. */
  losesAnswers: boolean
  /** WeChat's clock against ours, s. */
  clockSkewS: number
}

type ScriptStep = { after: [number, number]; do: FollowerAction['kind'] }

/** Times in ms, after the move before. */
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

/** Followers who come, talk and go, as the seed says; each waits for WeChat's push of one act before the next. */
export function createFollowers(deps: {
  simulator: Simulator
  random: Random
  callbackFaults: CallbackFaults
  /** Followers who come in a second, on average. */
  perSecond: number
}) {
  const { simulator, random, callbackFaults: trouble, perSecond } = deps
  const actions: FollowerAction[] = []
  const active = new Set<Promise<void>>()
  let followerCount = 0

  async function followScript(
    appId: string,
    openId: string,
    script: readonly ScriptStep[],
    waits: readonly number[],
  ): Promise<void> {
    let last = await perform(appId, openId, 'follow', 0)
    for (const [i, step] of script.entries()) {
      await pause(waits[i] ?? 0)
      last = await perform(appId, openId, step.do, last)
    }
  }

  /** @returns its CreateTime, s: no follower acts twice in one second */
  async function perform(
    appId: string,
    openId: string,
    kind: FollowerAction['kind'],
    last: number,
  ): Promise<number> {
    const chances = { twice: random.chance(0.1), lost: random.chance(0.05) }
    let createTime = 0
    for (;;) {
      createTime = Math.floor(Date.now() / 1000) + Math.min(0, trouble.clockSkewS)
      if (createTime > last) break
      await pause(100)
    }
    const began = Date.now()
    const options = {
      createTime,
      timestamp: Math.floor(began / 1000) + trouble.clockSkewS,
      times: chances.twice ? 2 : 1,
      dropAnswers: chances.lost || trouble.losesAnswers ? 1 : 0,
    }
    const wechat = simulator.account(appId)
    const push = {
      follow: () => wechat.follow(openId, options),
      unfollow: () => wechat.unfollow(openId, options),
      type: () => wechat.type(openId, 'hello', options),
      click: () => wechat.tapMenu(openId, 'menu', options),
    }[kind]
    const { ok, attempts } = await push()
    actions.push({
      appId,
      openId,
      kind,
      createTime: createTime * 1000,
      began,
      ended: Date.now(),
      ok,
      attempts,
    })
    return createTime
  }

  return {
    acts: actions,
    /** Lets followers come until `until` (epoch ms), then waits for the last one's last act. */
    async run(until: number): Promise<void> {
      while (Date.now() < until) {
        const script = random.pick(SCRIPTS)
        const waits = script.map((m) => random.integerBetween(...m.after))
        const running = followScript(random.pick(ACCOUNTS).appId, `oChaos${followerCount++}`, script, waits)
        active.add(running)
        void running.finally(() => active.delete(running))
        await pause(random.integerBetween(200, 1_800) / perSecond)
      }
      await Promise.all(active)
    },
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
