import { openCallback } from '../../src/wechat/envelope.ts'
import { parseInbound } from '../../src/wechat/events.ts'
import { createRandom } from '../support/random.ts'
import { appIdOf, type Callback, callback, MODES, SECRETS } from './callbacks.ts'
import type { FuzzedServer } from './server.ts'
import { type Findings, HOLDS_AT_MOST_MS, holds, note, secretIn } from './watch.ts'

const AT_ONCE = 32
/** Answers slower than this are looked at alone: is it the parser, or the machine? */
const SUSPICIOUS_MS = HOLDS_AT_MOST_MS
const EMPTIED_EVERY = 50_000

/** Sends `count` mutated callbacks to the real callback app. The same seed sends the same ones. */
export async function fuzzCallbacks(
  server: FuzzedServer,
  findings: Findings,
  options: { count: number; seed: number; say?: (line: string) => void },
): Promise<{ stored: number }> {
  const { count, seed, say } = options
  let next = 0
  let stored = 0
  const lane = async () => {
    while (next < count && findings.found.length < 20) {
      const n = next++
      await one(
        server,
        findings,
        `callback ${seed}:${n}`,
        callback(createRandom(seed * 1_000_003 + n), nowS()),
      )
      // In this process a request needs no turn of the event loop: the others, and the store, would never get one.
      await new Promise(setImmediate)
      if (n % EMPTIED_EVERY === EMPTIED_EVERY - 1) {
        stored += await server.emptyInbox()
        say?.(`  ${n + 1} callbacks, ${stored} stored`)
      }
      if (n % 500 === 0) judgeLog(server, findings, n)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  judgeLog(server, findings, count)
  stored += await server.emptyInbox()
  return { stored }
}

const nowS = () => Math.floor(Date.now() / 1000)

async function one(server: FuzzedServer, findings: Findings, name: string, sent: Callback): Promise<void> {
  const began = performance.now()
  const { status, trouble } = await deliver(server, sent)
  note(findings, String(status))
  // A machine that stands still for seconds fails a callback too: what is at fault fails again, alone.
  const again = trouble && (await deliver(server, sent)).trouble
  if (again) findings.found.push(`${name}: ${again}`)
  if (performance.now() - began < SUSPICIOUS_MS) return
  const { path, body } = sent
  const ms = holds(() => parse(path, body))
  findings.longestMs = Math.max(findings.longestMs, ms)
  if (ms > HOLDS_AT_MOST_MS)
    findings.found.push(`${name}: reading ${body.length} bytes took ${Math.round(ms)} ms`)
}

async function deliver(
  server: FuzzedServer,
  { path, body, type }: Callback,
): Promise<{ status: number; trouble: string | null }> {
  try {
    const answer = await server.web.request(path, { method: 'POST', body, headers: { 'content-type': type } })
    const { status } = answer
    const text = await answer.text()
    const secret = secretIn(text) ?? secretIn(JSON.stringify([...answer.headers]))
    if (secret) return { status, trouble: `the answer shows ${secret}` }
    if (status < 500 || text === 'too many at once') return { status, trouble: null }
    const log = server.logged()
    const told = secretIn(log)
    return {
      status,
      trouble: `${status} ${text.slice(0, 200)} ${told ? `the log shows ${told}` : whyIn(log)}`,
    }
  } catch (err) {
    return { status: 0, trouble: `threw ${err instanceof Error ? err.stack : String(err)}` }
  }
}

/** The synchronous work of a callback, alone. */
function parse(path: string, body: Buffer): void {
  const url = new URL(path, 'http://x')
  const mode = MODES.find((m) => url.pathname.endsWith(appIdOf(m)))
  if (!mode) return
  const { token, encodingAesKey } = SECRETS
  const account = { appId: appIdOf(mode), mode, token, encodingAesKey }
  const query = Object.fromEntries(url.searchParams)
  try {
    const opened = openCallback({ account, query, body, now: Date.now(), maxAgeMs: 0 })
    if (opened.ok) parseInbound(opened.record)
  } catch {
    // The answer has been judged already.
  }
}

function judgeLog(server: FuzzedServer, findings: Findings, n: number): void {
  const secret = secretIn(server.logged())
  if (secret) findings.found.push(`a log line before callback ${n} shows ${secret}`)
}

/** What the log says of events that were not stored. */
function whyIn(log: string): string {
  return log
    .split('\n')
    .filter((line) => line.includes('"level":50'))
    .join(' ')
    .slice(0, 600)
}
