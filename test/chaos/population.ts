import type { Simulator } from '../../src/simulator/index.ts'
import type { Random } from '../support/random.ts'
import { ACCOUNTS } from './campaigns.ts'
import type { Act } from './journal.ts'

/** What goes wrong with callbacks at present; a fault switches it on. */
export interface CallbackTrouble {
  /** WeChat loses the first answer, so it sends again. */
  losesAnswers: boolean
  /** WeChat's clock against ours, s. */
  clockSkewS: number
}

type Move = { after: [number, number]; do: Act['kind'] }

/** Times in ms, after the move before. */
const STORIES: readonly [Move[], ...Move[][]] = [
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
export function createPopulation(deps: {
  simulator: Simulator
  random: Random
  trouble: CallbackTrouble
  /** Followers who come in a second, on average. */
  perSecond: number
}) {
  const { simulator, random, trouble, perSecond } = deps
  const acts: Act[] = []
  const lives = new Set<Promise<void>>()
  let born = 0

  async function live(
    appId: string,
    openId: string,
    story: readonly Move[],
    waits: readonly number[],
  ): Promise<void> {
    let last = await act(appId, openId, 'follow', 0)
    for (const [i, move] of story.entries()) {
      await pause(waits[i] ?? 0)
      last = await act(appId, openId, move.do, last)
    }
  }

  /** @returns its CreateTime, s: no follower acts twice in one second */
  async function act(appId: string, openId: string, kind: Act['kind'], last: number): Promise<number> {
    const dice = { twice: random.chance(0.1), lost: random.chance(0.05) }
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
      times: dice.twice ? 2 : 1,
      dropAnswers: dice.lost || trouble.losesAnswers ? 1 : 0,
    }
    const wechat = simulator.account(appId)
    const push = {
      follow: () => wechat.follow(openId, options),
      unfollow: () => wechat.unfollow(openId, options),
      type: () => wechat.type(openId, 'hello', options),
      click: () => wechat.tapMenu(openId, 'menu', options),
    }[kind]
    const { ok, attempts } = await push()
    acts.push({
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
    acts,
    /** Lets followers come until `until` (epoch ms), then waits for the last one's last act. */
    async comeAndGo(until: number): Promise<void> {
      while (Date.now() < until) {
        const story = random.pick(STORIES)
        const waits = story.map((m) => random.between(...m.after))
        const life = live(random.pick(ACCOUNTS).appId, `oChaos${born++}`, story, waits)
        lives.add(life)
        void life.finally(() => lives.delete(life))
        await pause(random.between(200, 1_800) / perSecond)
      }
      await Promise.all(lives)
    },
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
