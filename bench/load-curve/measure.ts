import type { SimAccount } from '../../src/simulator/index.ts'
import { waitUntilAllEnded } from '../load/progress.ts'
import type { Target } from '../load/target.ts'
import { type FollowResult, sendFollows, startWechat } from '../load/wechat.ts'
import { percentile } from '../stats.ts'
import type { LoadStep } from './load-step.ts'

const APP = 'wxbenchcurve00001'
const CAMPAIGN =
  'id: curve\nname: curve\nentry: {event: subscribe}\nsteps: [{id: now, after: 0s, send: {text: hello}}]\n'
const WARM_UP = { count: 100, seconds: 10 }
const POLL_MS = 500

/**
 * Offers follows of new followers at several rates, `seconds` each, and measures the first message of each follower. Before the
 * next rate, every run has ended. The grant of the account's rules outlasts the test, so that a late message is sent too.
 * Stops the target.
 */
export async function measureLoadCurve(
  target: Target,
  { rates, seconds }: { rates: readonly number[]; seconds: number },
  print: (line: string) => void,
): Promise<LoadStep[]> {
  const wechat = await startWechat(target, true)
  const account = await wechat.addAccount(APP, 'classic-48h')
  await wechat.publish(CAMPAIGN)
  const offer = async (name: string, count: number, within: number) => {
    const result = await sendFollows(account, name, { count, seconds: within })
    await waitUntilAllEnded(target.base, POLL_MS)
    return result
  }
  await offer('Warm', WARM_UP.count, WARM_UP.seconds)
  const steps: LoadStep[] = []
  for (const offered of rates) {
    print(`bench: ${offered} follows a second…`)
    const result = await offer(`Rate${offered}x`, offered * seconds, seconds)
    steps.push(summarise(offered, result, account.sends))
  }
  await target.stopAndRead(async () => null)
  await wechat.close()
  return steps
}

type Sends = Pick<SimAccount['sends'][number], 'at' | 'openId' | 'delivered'>[]

/** When the first message of each of these followers arrived, epoch ms. */
function firstMessages(sends: Sends, followedAt: ReadonlyMap<string, number>): Map<string, number> {
  const first = new Map<string, number>()
  for (const { openId, at, delivered } of sends)
    if (delivered && followedAt.has(openId) && !first.has(openId)) first.set(openId, at)
  return first
}

/** A step's figures from its follows and from the messages that arrived, those of other steps included. */
export function summarise(
  offered: number,
  { followedAt, answered }: Pick<FollowResult, 'followedAt' | 'answered'>,
  sends: Sends,
): LoadStep {
  const messages = firstMessages(sends, followedAt)
  const lateness = [...messages].map(([openId, at]) => at - (followedAt.get(openId) ?? Number.NaN))
  const seconds = (Math.max(...messages.values()) - Math.min(...followedAt.values())) / 1_000
  return {
    offered,
    follows: followedAt.size,
    served: messages.size / seconds,
    lateness: { p50: percentile(lateness, 0.5), p99: percentile(lateness, 0.99) },
    answered: { p50: percentile(answered, 0.5), p99: percentile(answered, 0.99) },
    missing: followedAt.size - messages.size,
  }
}
