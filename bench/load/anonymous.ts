import { anonymousRequests } from '../../test/attack/anonymous-requests.ts'
import { spawnProgram } from '../../test/harness/process/program.ts'
import { percentile } from '../stats.ts'
import { CAMPAIGN } from './burst.ts'
import type { Target } from './target.ts'
import { sendFollows, startWechat } from './wechat.ts'

/** WeChat's callbacks a second, beside the anonymous requests. */
const CALLBACKS_PER_S = 50
const WARM_UP = { count: 200, seconds: 5 }
/** Settings of the platform, with which every public route exists. WeChat does not answer its calls. */
export const PLATFORM_ENV = {
  COMPONENT_APP_ID: 'wxloadplatform0001',
  COMPONENT_APP_SECRET: 'test-platform-secret',
  COMPONENT_TOKEN: 'test-platform-token',
  COMPONENT_AES_KEY: 'testtesttesttesttesttesttesttesttesttesttes',
  PUBLIC_URL: 'http://127.0.0.1:9',
  WECHAT_API_BASE: 'http://127.0.0.1:9',
}

/** The baseline: only WeChat's callbacks. */
const NO_REQUESTS = 'no requests'

interface RouteResult {
  route: string
  /** Anonymous requests a second, and their answers by status. */
  rate: number
  statuses: Record<string, number>
  /** WeChat's callbacks: ms until the accepted answer of each, and the number of failed first deliveries. */
  answered: number[]
  failed: number
  maxEventLoopDelayMs: number
  /** Peak memory of each program, MiB. */
  memory: Record<string, number>
}

/** The routes that are measured, of those whose names contain a text. */
export const measuredRoutes = (only: string): string[] =>
  [NO_REQUESTS, ...Object.keys(anonymousRequests(''))].filter((name) => name.includes(only))

/**
 * Sends requests to each public route for `seconds` from one process with `connections` connections. Each connection sends
 * again as soon as it has its answer. Meanwhile WeChat delivers 50 callbacks a second. Stops the target.
 * @param options `only`: routes whose names contain this text
 */
export async function measureAnonymousLoad(
  target: Target,
  options: { seconds: number; connections: number; only?: string | undefined },
  print: (line: string) => void,
): Promise<RouteResult[]> {
  const { seconds, connections, only = '' } = options
  const wechat = await startWechat(target)
  await wechat.publish(CAMPAIGN)
  const results: RouteResult[] = []
  for (const [n, route] of measuredRoutes(only).entries()) {
    // A new account for each route: the MarkFail pause of one must not affect the next.
    const appId = `wxanonymous${String(n).padStart(7, '0')}`
    const account = await wechat.addAccount(appId, 'wechat-2023')
    await sendFollows(account, 'Warm', WARM_UP)
    const before = wechat.simulator.wechat.pushCounts(appId).failed
    target.resetPeaks()
    const env = {
      ANONYMOUS_CLIENT: JSON.stringify({ base: target.base, appId, route, seconds, connections }),
    }
    const client = route === NO_REQUESTS ? null : spawnProgram('bench/load/anonymous-client.ts', env)
    const { answered, maxEventLoopDelayMs } = await sendFollows(account, 'Calm', {
      count: CALLBACKS_PER_S * seconds,
      seconds,
    })
    await client?.exited
    const requests: Pick<RouteResult, 'rate' | 'statuses'> = client
      ? JSON.parse(client.stdout() || JSON.stringify({ rate: 0, statuses: { [client.stderr()]: 1 } }))
      : { rate: 0, statuses: {} }
    const { failed } = wechat.simulator.wechat.pushCounts(appId)
    const result = {
      route,
      ...requests,
      answered,
      failed: failed - before,
      maxEventLoopDelayMs,
      memory: target.memoryPeaks(),
    }
    results.push(result)
    print(formatRow(result))
  }
  await target.stopAndRead(async () => null)
  await wechat.close()
  return results
}

/** The results as a Markdown table. */
export const formatResults = (target: string, results: readonly RouteResult[]): string =>
  [
    `| Route, ${target} | Requests/s | Answers | Callbacks p50 / p99 / longest | Failed | Peak memory, MiB |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...results.map(formatRow),
  ].join('\n')

function formatRow(r: RouteResult): string {
  const ms = [0.5, 0.99, 1].map((share) => Math.round(percentile(r.answered, share))).join(' / ')
  const statuses = Object.entries(r.statuses).map(([status, n]) => `${status}: ${n}`)
  const memory = Object.values(r.memory).join(', ')
  return `| ${r.route} | ${Math.round(r.rate)} | ${statuses.join(', ')} | ${ms} ms | ${r.failed} | ${memory} |`
}
