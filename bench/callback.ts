import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import { callApi } from '../test/harness/process/program.ts'
import { eachOf, type Figure, percentile, timed } from './stats.ts'

const ACCOUNT = {
  appId: 'wxbench0000000001',
  appSecret: 'test-secret',
  token: 'test-token',
  encodingAesKey: 'testtesttesttesttesttesttesttesttesttesttes',
  mode: 'security' as const,
}
const CAMPAIGN =
  'id: bench\nname: bench\nentry: {event: subscribe}\nreply: {text: hi}\nsteps: [{id: now, after: 0s, send: {text: hello}}]\n'
const WARM_UP = 50

/**
 * How long a follow waits for its answer, and for its first message at WeChat: at 1 and at 50 concurrent followers,
 * against `npm start` in a process of its own. The simulator's own work is in the figures. The reference is a bare HTTP
 * server, asked over the same client.
 */
export async function measureCallbacks(base: string): Promise<Figure[]> {
  const simulator = createSimulator()
  const { url: apiBase } = await simulator.listen(0)
  await callApi(base, '/api/accounts', { ...ACCOUNT, apiBase })
  await put(base)
  simulator.addAccount({
    ...ACCOUNT,
    name: 'bench',
    profile: 'wechat-2023',
    callbackUrl: `${base}/wechat/${ACCOUNT.appId}`,
  })
  await round(simulator, 'warm', WARM_UP, 10)
  const figures: Figure[] = []
  for (const [concurrency, count] of [
    [1, 200],
    [50, 1_000],
  ] as const) {
    const { answers, messages } = await round(simulator, `c${concurrency}`, count, concurrency)
    const bare = await bareAnswers(count, concurrency)
    for (const share of [0.5, 0.99]) {
      const p = `p${share * 100}`
      const low = concurrency === 1 && share === 0.99
      figures.push({
        name: `callback answered, ${concurrency} concurrent, ${p}`,
        unit: 'ms',
        value: percentile(answers, share),
        reference: { name: 'bare HTTP server', value: percentile(bare, share) },
        ...(low ? { aim: '≤ 30' } : {}),
      })
      figures.push({
        name: `callback to message at WeChat, ${concurrency} concurrent, ${p}`,
        unit: 'ms',
        value: percentile(messages, share),
        ...(low ? { aim: '≤ 500' } : {}),
      })
    }
  }
  await simulator.close()
  return figures
}

async function put(base: string): Promise<void> {
  const answer = await fetch(`${base}/api/campaigns/bench`, {
    method: 'PUT',
    headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/yaml' },
    body: CAMPAIGN,
  })
  if (answer.status !== 201) throw new Error(await answer.text())
}

/** Follows of `count` new followers; each is measured until its message has arrived, before its lane goes on. */
async function round(simulator: Simulator, name: string, count: number, concurrency: number) {
  const wechat = simulator.account(ACCOUNT.appId)
  const answers: number[] = []
  const messages: number[] = []
  const waiting = new Map<string, () => void>()
  const unlisten = simulator.wechat.listen(({ openId }) => {
    if (wechat.messages(openId).some((m) => m.via === 'custom')) waiting.get(openId)?.()
  })
  await eachOf(count, concurrency, async (i) => {
    const openId = `o${name}${i}`
    const arrived = new Promise<void>((resolve) => waiting.set(openId, resolve))
    const began = performance.now()
    const { ok } = await wechat.follow(openId)
    answers.push(performance.now() - began)
    if (!ok) throw new Error('a callback was not answered')
    await arrived
    messages.push(performance.now() - began)
    waiting.delete(openId)
  })
  unlisten()
  return { answers, messages }
}

async function post(url: string, body: string): Promise<void> {
  const answer = await request(url, { method: 'POST', body, headers: { 'content-type': 'text/xml' } })
  await answer.body.text()
  if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`)
}

async function bareAnswers(count: number, concurrency: number): Promise<number[]> {
  const server = createServer((req, res) => {
    req.resume().on('end', () => res.end('success'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const body = '<xml></xml>'.padEnd(600, ' ')
  const answers: number[] = []
  await eachOf(count, concurrency, async () => {
    answers.push((await timed(() => post(`http://127.0.0.1:${port}/`, body))).ms)
  })
  server.close()
  server.closeAllConnections()
  return answers
}
