import { Agent, request } from 'undici'
import { cpuTimeOfProcess } from '../cpu-time.ts'
import type { ConsoleProgram } from './console-program.ts'
import type { BenchPage } from './pages.ts'

/** The times of one page, ms: of its first answer after a start, and of later ones. */
export interface PageTimes {
  name: string
  first: number
  later: number[]
  /** CPU time of the console's process for the later ones, on average. Other programs on the machine change it little. */
  cpu: number
}

/** What the times are compared with: an answer that reads nothing. */
export const REFERENCE: BenchPage = { name: 'GET /healthz', path: '/healthz' }

/**
 * The time from a request to the last byte of its answer, on one connection. The pages take turns, so that each meets what the others
 * have cached, and the same state of the machine.
 * @param rounds how often each page is requested after its first answer
 */
export async function measureServerTime(
  program: ConsoleProgram,
  pages: readonly BenchPage[],
  rounds: number,
): Promise<PageTimes[]> {
  const agent = new Agent({ connections: 1 })
  const headers = { cookie: program.cookie, 'accept-encoding': 'gzip', 'accept-language': 'zh-CN' }
  const timeOf = async ({ name, path }: BenchPage): Promise<number> => {
    const began = performance.now()
    const answer = await request(`${program.url}${path}`, { headers, dispatcher: agent })
    await answer.body.dump()
    const ms = performance.now() - began
    if (answer.statusCode !== 200) throw new Error(`${name}: ${path} answered ${answer.statusCode}`)
    return ms
  }
  const all = [REFERENCE, ...pages]
  const times: PageTimes[] = []
  for (const page of all) times.push({ name: page.name, first: await timeOf(page), later: [], cpu: 0 })
  for (let round = 0; round < rounds; round++)
    for (const [i, page] of all.entries()) {
      const before = cpuTimeOfProcess(program.pid)
      const ms = await timeOf(page)
      const time = times[i]
      time?.later.push(ms)
      if (time) time.cpu += (cpuTimeOfProcess(program.pid) - before) / rounds
    }
  await agent.close()
  return times
}
