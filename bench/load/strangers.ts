import { anonymousRequests } from '../../test/attack/anonymous-requests.ts'
import { spawnProgram } from '../../test/harness/process/program.ts'
import { percentile } from '../stats.ts'
import { CAMPAIGN } from './burst.ts'
import type { Target } from './target.ts'
import { flood, startWechat } from './wechat.ts'

/** WeChat's callbacks a second, beside the flood. */
const CALLBACKS_PER_S = 50
const WARM_UP = { count: 200, seconds: 5 }
/** The platform's settings: with them every public route is there. WeChat does not answer its calls. */
export const PLATFORM_ENV = {
  COMPONENT_APP_ID: 'wxloadplatform0001',
  COMPONENT_APP_SECRET: 'test-platform-secret',
  COMPONENT_TOKEN: 'test-platform-token',
  COMPONENT_AES_KEY: 'testtesttesttesttesttesttesttesttesttesttes',
  PUBLIC_URL: 'http://127.0.0.1:9',
  WECHAT_API_BASE: 'http://127.0.0.1:9',
}

interface Flooded {
  route: string
  /** Requests of the stranger a second, and how they were answered. */
  rate: number
  statuses: Record<string, number>
  /** WeChat's: ms until each was answered well, and those that were not at the first delivery. */
  answered: number[]
  failed: number
  deafMs: number
  /** The most memory of each program meanwhile, MiB. */
  memory: Record<string, number>
}

/**
 * Floods each public route for `seconds` from one process with `connections` connections, each of which sends again as
 * soon as it has its answer, while WeChat delivers fifty callbacks a second. Stops the target.
 * @param only those whose name holds this text
 */
export async function measureStrangers(
  target: Target,
  options: { seconds: number; connections: number; only?: string | undefined },
  say: (line: string) => void,
): Promise<Flooded[]> {
  const { seconds, connections, only = '' } = options
  const wechat = await startWechat(target)
  await wechat.publish(CAMPAIGN)
  const results: Flooded[] = []
  const names = ['nothing', ...Object.keys(anonymousRequests(''))].filter((name) => name.includes(only))
  for (const [n, route] of names.entries()) {
    // An account of its own: MarkFail after one flood must not silence the next.
    const appId = `wxstrangers${String(n).padStart(7, '0')}`
    const account = await wechat.addAccount(appId, 'wechat-2023')
    await flood(account, 'Warm', WARM_UP)
    const before = wechat.simulator.wechat.pushCounts(appId).failed
    target.forgetPeaks()
    const env = { STRANGER: JSON.stringify({ base: target.base, appId, route, seconds, connections }) }
    const stranger = route === 'nothing' ? null : spawnProgram('bench/load/stranger-program.ts', env)
    const { answered, deafMs } = await flood(account, 'Calm', { count: CALLBACKS_PER_S * seconds, seconds })
    await stranger?.exited
    const told: Pick<Flooded, 'rate' | 'statuses'> = stranger
      ? JSON.parse(stranger.stdout() || JSON.stringify({ rate: 0, statuses: { [stranger.stderr()]: 1 } }))
      : { rate: 0, statuses: {} }
    const { failed } = wechat.simulator.wechat.pushCounts(appId)
    const result = { route, ...told, answered, failed: failed - before, deafMs, memory: target.memoryPeaks() }
    results.push(result)
    say(lineOf(result))
  }
  await target.stopAndRead(async () => null)
  await wechat.close()
  return results
}

/** As a Markdown table of its own. */
export const tableOf = (target: string, results: readonly Flooded[]): string =>
  [
    `| Flooded, ${target} | Requests/s | Answers | Callbacks p50 / p99 / longest | Refused | Most memory, MiB |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...results.map(lineOf),
  ].join('\n')

function lineOf(r: Flooded): string {
  const ms = [0.5, 0.99, 1].map((share) => Math.round(percentile(r.answered, share))).join(' / ')
  const statuses = Object.entries(r.statuses).map(([status, n]) => `${status}: ${n}`)
  const memory = Object.values(r.memory).join(', ')
  return `| ${r.route} | ${Math.round(r.rate)} | ${statuses.join(', ')} | ${ms} ms | ${r.failed} | ${memory} |`
}
