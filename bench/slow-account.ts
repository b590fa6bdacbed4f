import { setTimeout as sleep } from 'node:timers/promises'
import type { SimAccount } from '../src/simulator/index.ts'
import { SEND_SLOTS } from '../src/temporal/workers.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import { startWechat } from './load/wechat.ts'
import { type Figure, runConcurrently } from './stats.ts'

/** The account whose API is slow, and the account beside it. */
const SLOW = 'wxbenchslow000001'
const OTHER = 'wxbenchother00001'
const SLOW_FOLLOWS = 200
const SLOW_FOLLOWS_AT_ONCE = 50
const LATENCY_MS = 1_000
const OTHER_FOLLOWS = 20
const OTHER_EVERY_MS = 300
const TIMEOUT_MS = 120_000

const CAMPAIGN =
  'id: first\nname: first\nentry: {event: subscribe}\nsteps: [{id: now, after: 0s, send: {text: hello}}]\n'

/**
 * How long new followers of one account wait for their first message while the sends of another account are in work, whose API
 * takes a second per call. Measured at WeChat, from the follow to the request.
 * @param base of an `npm start` without simulator
 */
export async function measureSlowAccount(base: string): Promise<Figure[]> {
  const wechat = await startWechat({ base })
  const other = await wechat.addAccount(OTHER, 'wechat-2023')
  const slow = await wechat.addAccount(SLOW, 'wechat-2023')
  await wechat.publish(CAMPAIGN)
  await longestWait(other, 'Warm')
  const alone = await longestWait(other, 'Alone')

  wechat.simulator.fault({ api: 'custom/send', appId: SLOW, latencyMs: LATENCY_MS, times: 1_000_000 })
  const began = Date.now()
  const following = runConcurrently(SLOW_FOLLOWS, SLOW_FOLLOWS_AT_ONCE, async (i) =>
    follow(slow, `oSlow${i}`),
  )
  await waitFor(() => slow.sends.length > 0, { timeoutMs: TIMEOUT_MS })
  const beside = await longestWait(other, 'Beside')
  const inWork = SLOW_FOLLOWS - slow.sends.length
  if (inWork <= 0) throw new Error('the sends of the slow account ended too early for this measurement')
  await following
  await waitFor(() => slow.sends.length >= SLOW_FOLLOWS, { timeoutMs: TIMEOUT_MS })
  const allSent = Math.max(...slow.sends.map((s) => s.at)) - began
  await wechat.close()
  return [
    {
      name: `longest wait for a first message beside ${SLOW_FOLLOWS} follows of a slow account`,
      unit: 'ms',
      value: beside,
      reference: { name: 'no other account', value: alone },
      aim: '≤ 2 s more',
    },
    {
      name: `${SLOW_FOLLOWS} sends of an account whose API takes ${LATENCY_MS / 1_000} s, all sent`,
      unit: 'ms',
      value: allSent,
      reference: {
        name: 'in all slots of its share',
        value: (SLOW_FOLLOWS / (SEND_SLOTS / 4)) * LATENCY_MS,
      },
    },
  ]
}

/** The longest time from the follow of a new follower to its message, ms. The followers come one after another. */
async function longestWait(account: SimAccount, name: string): Promise<number> {
  const followed: { openId: string; at: number }[] = []
  for (let i = 0; i < OTHER_FOLLOWS; i++) {
    const openId = `o${name}${i}`
    followed.push({ openId, at: Date.now() })
    await Promise.all([follow(account, openId), sleep(OTHER_EVERY_MS)])
  }
  const messageOf = (openId: string) => account.sends.find((s) => s.openId === openId)
  await waitFor(() => followed.every(({ openId }) => messageOf(openId)), { timeoutMs: TIMEOUT_MS })
  return Math.max(...followed.map(({ openId, at }) => (messageOf(openId)?.at ?? Number.NaN) - at))
}

async function follow(account: SimAccount, openId: string): Promise<void> {
  const { ok } = await account.follow(openId)
  if (!ok) throw new Error('WeChat got no accepted answer to a callback')
}
