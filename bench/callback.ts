import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import { callApi } from '../test/harness/process/program.ts'
import { type Figure, measureTime, percentile, runConcurrently } from './stats.ts'

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
 * The time from a follow to its answer, and to its first message at WeChat, with 1 and with 50 concurrent followers.
 * `npm start` runs in a process of its own. The figures include the simulator's own work. The reference is a bare HTTP server
 * with the same client.
 */
export async function measureCallbacks(base: string): Promise<Figure[]> {
  const simulator = createSimulator()
  const { url: apiBase } = await simulator.listen(0)
  await callApi(base, '/api/accounts', { ...ACCOUNT, apiBase })
  await publishCampaign(base)
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
      const low = concurrency === 1
      const [answerAim, messageAim] = share === 0.99 ? ['≤ 30 ×', '≤ 300 ms'] : [undefined, '≤ 100 ms']
      figures.push({
        name: `callback answered, ${concurrency} concurrent, ${p}`,
        unit: 'ms',
        value: percentile(answers, share),
        reference: { name: 'bare HTTP server', value: percentile(bare, share) },
        ...(low && answerAim ? { aim: answerAim } : {}),
      })
      figures.push({
        name: `callback to message at WeChat, ${concurrency} concurrent, ${p}`,
        unit: 'ms',
        value: percentile(messages, share),
        ...(low ? { aim: messageAim } : {}),
      })
    }
  }
  await simulator.close()
  return figures
}

async function publishCampaign(base: string): Promise<void> {
  const answer = await fetch(`${base}/api/campaigns/bench`, {
    method: 'PUT',
    headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/yaml' },
    body: CAMPAIGN,
  })
  if (answer.status !== 201) throw new Error(await answer.text())
}

/** Lets `count` new followers follow. Each waits for its message before its lane starts the next. Times in ms. */
async function round(simulator: Simulator, name: string, count: number, concurrency: number) {
  const wechat = simulator.account(ACCOUNT.appId)
  const answers: number[] = []
  const messages: number[] = []
  const waiting = new Map<string, () => void>()
  const unlisten = simulator.wechat.listen(({ openId }) => {
    if (wechat.messages(openId).some((m) => m.via === 'custom')) waiting.get(openId)?.()
  })
  await runConcurrently(count, concurrency, async (i) => {
    const openId = `o${name}${i}`
    const arrived = new Promise<void>((resolve) => waiting.set(openId, resolve))
    const began = performance.now()
    const { ok } = await wechat.follow(openId)
    answers.push(performance.now() - began)
    if (!ok) throw new Error('WeChat got no accepted answer to a callback')
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
  await runConcurrently(count, concurrency, async () => {
    answers.push((await measureTime(() => post(`http://127.0.0.1:${port}/`, body))).ms)
  })
  server.close()
  server.closeAllConnections()
  return answers
}
