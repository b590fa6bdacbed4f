import { createSimulator, type SimAccount } from '../src/simulator/index.ts'
import { callApi } from '../test/harness/process/program.ts'
import { type Figure, percentile } from './stats.ts'

const CAMPAIGNS = 200
const KEYWORDS = 20
/** Measured messages of each account. */
const MESSAGES = 1_500
const WARM_UP = 200
/** The accounts take turns after so many messages, so that both meet the same state of the machine. */
const TURN = 10
const SECRETS = {
  appSecret: 'test-secret',
  token: 'test-token',
  encodingAesKey: 'testtesttesttesttesttesttesttesttesttesttes',
  mode: 'security' as const,
}

/**
 * The time from a typed keyword to its answer by `answers`, for an account with 200 campaigns of 20 keywords, against an account
 * of the same `npm start` with one campaign. The times include the simulator's own work.
 */
export async function measureAnswers(base: string): Promise<Figure[]> {
  const simulator = createSimulator()
  const { url: apiBase } = await simulator.listen(0)
  const account = async (appId: string, campaigns: number) => {
    await callApi(base, '/api/accounts', { ...SECRETS, appId, apiBase })
    for (let c = 0; c < campaigns; c++) await publish(base, appId, c)
    const callbackUrl = `${base}/wechat/${appId}`
    simulator.addAccount({ ...SECRETS, appId, name: appId, profile: 'wechat-2023', callbackUrl })
    return { campaigns, wechat: simulator.account(appId), times: [] as number[] }
  }
  const one = await account('wxbenchanswers001', 1)
  const many = await account('wxbenchanswers200', CAMPAIGNS)
  for (const times of [one, many]) await ask(times, WARM_UP, 'warm')
  for (const times of [one, many]) times.times.length = 0
  for (let turn = 0; turn < MESSAGES / TURN; turn++)
    for (const times of turn % 2 === 0 ? [one, many] : [many, one]) await ask(times, TURN, `t${turn}`)
  await simulator.close()
  return [0.5, 0.99].map((share) => ({
    name: `keyword answered, ${CAMPAIGNS} campaigns of ${KEYWORDS} keywords, p${share * 100}`,
    unit: 'ms',
    value: percentile(many.times, share),
    reference: { name: '1 campaign', value: percentile(one.times, share) },
    ...(share === 0.99 ? { aim: '≤ 1.1 ×' } : {}),
  }))
}

async function publish(base: string, appId: string, campaign: number): Promise<void> {
  const words = Array.from({ length: KEYWORDS }, (_, k) => wordOf(campaign, k))
  const half = KEYWORDS / 2
  const id = `answers-${appId}-${campaign}`
  const file = {
    id,
    name: id,
    accounts: [appId],
    answers: [
      { on: { keywords: words.slice(0, half) }, reply: { text: 'exact' } },
      { on: { keywords: words.slice(half), match: 'contains' }, reply: { text: 'contains' } },
    ],
  }
  const answer = await fetch(`${base}/api/campaigns/${id}`, {
    method: 'PUT',
    headers: { authorization: 'Bearer test-admin-token', 'content-type': 'application/json' },
    body: JSON.stringify(file),
  })
  if (answer.status !== 201) throw new Error(await answer.text())
}

const wordOf = (campaign: number, keyword: number) => `词${campaign}x${keyword}`

/** Types keywords of all campaigns, whole and inside a sentence, one after the other. */
async function ask(
  { campaigns, wechat, times }: { campaigns: number; wechat: SimAccount; times: number[] },
  count: number,
  name: string,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const word = wordOf((i * 37) % campaigns, (i * 7) % KEYWORDS)
    const isExact = (i * 7) % KEYWORDS < KEYWORDS / 2
    const began = performance.now()
    const { passiveReply } = await wechat.type(`o${name}${i}`, isExact ? word : `请问${word}怎么样`)
    times.push(performance.now() - began)
    const expected = isExact ? 'exact' : 'contains'
    if (passiveReply?.fields.Content !== expected) throw new Error(`no answer to ${word}`)
  }
}
