import { openCallback } from '../../src/wechat/callback/envelope.ts'
import { parseInbound } from '../../src/wechat/callback/events.ts'
import { createRandom } from '../harness/random.ts'
import { blockingMs, type Findings, MAX_BLOCKING_MS, recordOutcome, secretIn } from './findings.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { appIdOf, type Callback, MODES, randomCallback, SECRETS } from './malformed-callbacks.ts'

const CONCURRENCY = 32
/** A callback that takes longer is repeated alone, which separates a slow parser from a busy machine. */
const SUSPICIOUS_MS = MAX_BLOCKING_MS
const EMPTY_INBOX_EVERY = 50_000

/** Sends `count` mutated callbacks to the real callback app. A seed always produces the same callbacks. */
export async function fuzzCallbacks(
  server: FuzzTarget,
  findings: Findings,
  options: { count: number; seed: number; print?: (line: string) => void },
): Promise<{ stored: number }> {
  const { count, seed, print: say } = options
  let next = 0
  let stored = 0
  const worker = async () => {
    while (next < count && findings.found.length < 20) {
      const n = next++
      await fuzzOne(
        server,
        findings,
        `callback ${seed}:${n}`,
        randomCallback(createRandom(seed * 1_000_003 + n), nowS()),
      )
      // An in-process request may finish without yielding. This lets other requests and the store run.
      await new Promise(setImmediate)
      if (n % EMPTY_INBOX_EVERY === EMPTY_INBOX_EVERY - 1) {
        stored += await server.emptyInbox()
        say?.(`  ${n + 1} callbacks, ${stored} stored`)
      }
      if (n % 500 === 0) checkLog(server, findings, n)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  checkLog(server, findings, count)
  stored += await server.emptyInbox()
  return { stored }
}

const nowS = () => Math.floor(Date.now() / 1000)

async function fuzzOne(server: FuzzTarget, findings: Findings, name: string, sent: Callback): Promise<void> {
  const began = performance.now()
  const { status, problem } = await deliver(server, sent)
  recordOutcome(findings, String(status))
  // A stalled machine makes a callback fail too. A real fault fails again when the callback is repeated alone.
  const repeated = problem && (await deliver(server, sent)).problem
  if (repeated) findings.found.push(`${name}: ${repeated}`)
  if (performance.now() - began < SUSPICIOUS_MS) return
  const { path, body } = sent
  const ms = blockingMs(() => parse(path, body))
  findings.longestMs = Math.max(findings.longestMs, ms)
  if (ms > MAX_BLOCKING_MS)
    findings.found.push(`${name}: reading ${body.length} bytes took ${Math.round(ms)} ms`)
}

async function deliver(
  server: FuzzTarget,
  { path, body, type }: Callback,
): Promise<{ status: number; problem: string | null }> {
  try {
    const answer = await server.web.request(path, { method: 'POST', body, headers: { 'content-type': type } })
    const { status } = answer
    const text = await answer.text()
    const secret = secretIn(text) ?? secretIn(JSON.stringify([...answer.headers]))
    if (secret) return { status, problem: `the answer shows ${secret}` }
    if (status < 500 || text === 'too many callbacks in progress') return { status, problem: null }
    const log = server.logged()
    const logged = secretIn(log)
    return {
      status,
      problem: `${status} ${text.slice(0, 200)} ${logged ? `the log shows ${logged}` : errorsIn(log)}`,
    }
  } catch (err) {
    return { status: 0, problem: `threw ${err instanceof Error ? err.stack : String(err)}` }
  }
}

/** The synchronous work of one callback. */
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
    // The response has been judged already.
  }
}

function checkLog(server: FuzzTarget, findings: Findings, n: number): void {
  const secret = secretIn(server.logged())
  if (secret) findings.found.push(`a log line before callback ${n} shows ${secret}`)
}

/** The log's errors about events that were not stored. */
function errorsIn(log: string): string {
  return log
    .split('\n')
    .filter((line) => line.includes('"level":50'))
    .join(' ')
    .slice(0, 600)
}
