import type { EntryName } from '../../../src/run/plan.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/shared/time-units.ts'
import type { Scene } from '../../../src/wechat/rules/rules.ts'
import type { Random } from '../random.ts'
import type { LaterEvent } from './played-run.ts'

/** How the followers of a campaign come, and what they do. */
export interface CampaignLife {
  campaign: string
  appId: string
  followers: number
  /** Over how many days they come, until now. */
  days: number
  /** When the last one comes, epoch ms. Default: now. */
  until?: number
  entry(random: Random): {
    event: EntryName
    scene: Scene
    qrScene?: string
    eventKey?: string
    text?: string
  }
  later(random: Random, at: number): LaterEvent[]
}

/** The share of a day's followers that come in each hour in Beijing. */
const HOURS = [1, 0, 0, 0, 0, 1, 2, 5, 7, 6, 6, 6, 8, 7, 5, 5, 5, 6, 7, 9, 11, 12, 8, 4]
const HOUR_SLOTS = HOURS.flatMap((weight, hour) => Array.from({ length: weight }, () => hour))
const BEIJING_MS = 8 * HOUR_MS

/** When a follower comes, epoch ms: more at noon and in the evening, and a few more each day. */
export function entryTime(random: Random, life: CampaignLife, now: number): number {
  const end = life.until ?? now
  for (;;) {
    // The larger of two is more often near the end.
    const back = random.chance(0.35)
      ? random.integerBelow(life.days)
      : Math.min(random.integerBelow(life.days), random.integerBelow(life.days))
    const midnight = Math.floor((end + BEIJING_MS) / DAY_MS) * DAY_MS - BEIJING_MS - back * DAY_MS
    const at =
      midnight + random.pick(HOUR_SLOTS) * HOUR_MS + random.integerBelow(HOUR_MS / SECOND_MS) * SECOND_MS
    if (at <= end - 4 * SECOND_MS) return at
  }
}

const seconds = (random: Random, from: number, to: number) => random.integerBetween(from, to) * SECOND_MS

/** A reply within the minute, one some hours later, or none. */
function replyTime(random: Random, at: number, shares: { atOnce: number; later: number }): number | null {
  if (random.chance(shares.atOnce)) return at + seconds(random, 6, 55)
  if (random.chance(shares.later)) return at + seconds(random, 90, 9 * 3_600)
  return null
}

/** Some leave at once, some after a message. */
function leaving(random: Random, at: number, share: number): LaterEvent[] {
  if (!random.chance(share)) return []
  const after = random.chance(0.6) ? seconds(random, 20, 600) : seconds(random, 3_600, 40 * 3_600)
  return [{ at: at + after, do: 'unfollow' }]
}

function message(at: number, text: string): LaterEvent {
  return { at, do: 'message', text }
}

/** `welcome`: a third answers within the minute. */
export function welcomeLife(appId: string, followers: number): CampaignLife {
  return {
    campaign: 'welcome',
    appId,
    followers,
    days: 14,
    entry: () => ({ event: 'subscribe', scene: 'subscribe' }),
    later(random, at) {
      const replied = replyTime(random, at, { atOnce: 0.36, later: 0.14 })
      const events = leaving(random, at, 0.045)
      if (replied === null) return events
      const text = random.chance(0.62)
        ? '1'
        : random.chance(0.55)
          ? '2'
          : random.pick(['你好', '在吗', '怎么报名？'])
      events.push(message(replied, text))
      if (random.chance(0.54) && text !== '你好')
        events.push({
          at: replied + seconds(random, 15, 900),
          do: 'click-link',
          step: text === '1' ? 'guide' : 'list',
          link: 'guide',
        })
      if (random.chance(0.24))
        events.push(
          message(replied + seconds(random, 600, 30 * 3_600), random.pick(['谢谢', '第三天了', '很好读'])),
        )
      if (random.chance(0.012)) events.push(message(replied + seconds(random, 3_600, 40 * 3_600), 'TD'))
      if (random.chance(0.006)) events.push({ at: replied + seconds(random, 300, 7_200), do: 'pause' })
      return events
    },
  }
}

/** `shop-coupon`: followers scan a code in a shop, and half of them take the coupon. */
export function couponLife(appId: string, followers: number): CampaignLife {
  return {
    campaign: 'shop-coupon',
    appId,
    followers,
    days: 12,
    entry: (random) => ({
      event: 'subscribe',
      scene: 'subscribe',
      qrScene: random.pick(['shop-nanjing-road', 'shop-nanjing-road', 'shop-west-lake', 'shop-station']),
    }),
    later(random, at) {
      const replied = replyTime(random, at, { atOnce: 0.48, later: 0.1 })
      const events = leaving(random, at, 0.06)
      if (replied !== null) events.push(message(replied, random.pick(['1', '1', '1', '领券'])))
      if (replied !== null && random.chance(0.3))
        events.push(
          message(
            replied + seconds(random, 4 * 3_600, 26 * 3_600),
            random.pick(['几点关门？', '可以打包吗']),
          ),
        )
      return events
    },
  }
}

/** `three-day-course`: fewer each day. */
export function courseLife(appId: string, followers: number): CampaignLife {
  return {
    campaign: 'three-day-course',
    appId,
    followers,
    days: 13,
    entry: (random) =>
      random.chance(0.7)
        ? { event: 'message', scene: 'message', text: random.pick(['小课', '课程']) }
        : { event: 'click', scene: 'menu', eventKey: 'course' },
    later(random, at) {
      const events = leaving(random, at, 0.02)
      let day = at
      for (const share of [0.72, 0.78, 0.6]) {
        if (!random.chance(share)) break
        day += seconds(random, 1_800, 11 * 3_600)
        events.push(message(day, random.pick(['打卡', '打卡', '打卡 完成了'])))
        day += 20 * HOUR_MS
      }
      return events
    },
  }
}

/** `expo-2027`: codes at two halls, three days. */
export function expoLife(appId: string, followers: number): CampaignLife {
  return {
    campaign: 'expo-2027',
    appId,
    followers,
    days: 3,
    entry(random) {
      const qrScene = random.pick(['expo-a1', 'expo-a1', 'expo-a2', 'expo-b1'])
      const isNew = random.chance(0.8)
      return isNew
        ? { event: 'subscribe', scene: 'subscribe', qrScene }
        : { event: 'scan', scene: 'scan', qrScene }
    },
    later(random, at) {
      const replied = replyTime(random, at, { atOnce: 0.66, later: 0.12 })
      const events = leaving(random, at, 0.03)
      if (replied !== null) events.push(message(replied, random.chance(0.86) ? '1' : '2'))
      return events
    },
  }
}

/** `after-sales`: until the account lost its authorisation. */
export function afterSalesLife(appId: string, followers: number, until: number): CampaignLife {
  return {
    campaign: 'after-sales',
    appId,
    followers,
    days: 9,
    until,
    entry: (random) => ({
      event: 'message',
      scene: 'message',
      text: random.pick(['售后', '坏了', '不会用', '保修']),
    }),
    later(random, at) {
      const events: LaterEvent[] = [
        message(at + seconds(random, 20, 1_200), random.pick(['1', '2', '1', '漏水了'])),
      ]
      if (random.chance(0.7))
        events.push(message(at + 20 * HOUR_MS + seconds(random, 60, 7_200), random.pick(['1', '1', '2'])))
      return events
    },
  }
}

/** The follower of the picture of one conversation: written at noon yesterday, read on, and wrote again. */
export function conversationLife(entryAt: number): { at: number; later: LaterEvent[] } {
  return {
    at: entryAt,
    later: [
      message(entryAt + 34 * SECOND_MS, '1'),
      { at: entryAt + 3 * MINUTE_MS, do: 'click-link', step: 'guide', link: 'guide' },
      message(entryAt + 26 * MINUTE_MS, '第一章看完了，明天还有吗？'),
    ],
  }
}
