import { Agent, request } from 'undici'
import { anonymousRequests } from '../../test/attack/anonymous-requests.ts'

/** An anonymous client in a process of its own: sends requests to one route and writes the results as JSON. Settings: `ANONYMOUS_CLIENT`. */
interface Settings {
  base: string
  appId: string
  route: string
  seconds: number
  connections: number
}
// Set by `measureAnonymousLoad`.
const { base, appId, route, seconds, connections } = JSON.parse(
  process.env.ANONYMOUS_CLIENT ?? '{}',
) as Settings
const make = anonymousRequests(appId)[route]
if (!make) throw new Error(`unknown route ${route}`)
const agent = new Agent({ connections })
const statuses: Record<string, number> = {}
const count = (what: string) => {
  statuses[what] = (statuses[what] ?? 0) + 1
}
const began = performance.now()
const passed = () => (performance.now() - began) / 1_000

async function connection(): Promise<void> {
  while (passed() < seconds) {
    const { method, path, headers = {}, body = null } = make?.() ?? { method: 'GET', path: '/' }
    await request(`${base}${path}`, { method: method as 'GET', headers, body, dispatcher: agent }).then(
      async (answer) => {
        await answer.body.dump()
        count(String(answer.statusCode))
      },
      (err: Error & { code?: string }) => count(err.code ?? err.name),
    )
  }
}

await Promise.all(Array.from({ length: connections }, connection))
const sent = Object.values(statuses).reduce((sum, n) => sum + n, 0)
process.stdout.write(JSON.stringify({ rate: sent / passed(), statuses }))
process.exit(0)
