import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { runCli } from '../../src/cli/run-cli.ts'
import { dryRun } from '../../src/dry-run/dry-run.ts'
import { execute } from '../../src/store/sql.ts'
import { ADMIN_TOKEN, type ApiHarness, type ErrorBody, startApiHarness } from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const WITH_TEXTS = 'wxdryrunkeeps0001'
const WITHOUT_TEXTS = 'wxdryrunwithout01'
const HOUR = 3_600_000
const CAMPAIGN = `
id: asks
name: 问一问
accounts: [${WITH_TEXTS}, ${WITHOUT_TEXTS}]
entry: { event: subscribe }
reply: { text: 欢迎 }
steps:
  - { id: hello, after: 0s, send: { text: 回复 1 } }
  - id: ask
    wait: 10h
    branches:
      - name: one
        on: { keywords: ['1'] }
        steps:
          - { id: gift, after: 0s, send: { text: 资料 } }
          - { id: tip, after: 1h, send: { text: 看了吗 } }
      - name: other
        on: { event: message }
        steps:
          - { id: again, after: 0s, send: { text: 请回复 1 } }
    else: []
answers:
  - { on: { keywords: [价格] }, reply: { text: 99 元 } }
`

interface Runs {
  begun: number
  outcomes: Record<string, number>
  steps: { step: string; results: Record<string, number> }[]
  forks: { fork: string; branches: Record<string, number> }[]
  replies: Record<string, number>
}
interface Answer {
  version: number | null
  followers: number
  texts: { kept: number; notKept: number }
  truncated: string | null
  dryRun: Runs & { grants: Record<string, number>; notBegun: Record<string, number> }
  real: Runs
  comparison: { same: number; different: number; onlyDryRun: number; onlyReal: number }
}

let api: ApiHarness
const from = new Date(Date.now() - HOUR).toISOString()
/** The clocks of the followers are moved by hours. */
const to = new Date(Date.now() + 20 * HOUR).toISOString()
const play = <T = Answer>(body: object) =>
  api.call<T>('POST', '/api/campaigns/dry-run', {
    json: { account: WITH_TEXTS, campaign: 'asks', from, to, ...body },
  })

beforeAll(async () => {
  api = await startApiHarness()
  for (const appId of [WITH_TEXTS, WITHOUT_TEXTS]) await api.addAccount({ appId })
  await api.call('PATCH', `/api/accounts/${WITH_TEXTS}`, { json: { keepTexts: 7 } })
  expect((await api.put(CAMPAIGN)).status).toBe(201)
  for (const appId of [WITH_TEXTS, WITHOUT_TEXTS]) {
    const wechat = api.app.simulator.account(appId)
    for (const openId of ['oOne', 'oOther', 'oSilent', 'oLeaves']) {
      await wechat.follow(openId)
      await api.app.waitForRun(appId, openId, (r) => r.state.steps[0]?.state === 'sent')
    }
    await wechat.type('oOne', '1')
    await wechat.type('oOther', '你好')
    await wechat.type('oOther', '价格')
    await wechat.unfollow('oLeaves')
    for (const openId of ['oOne', 'oOther', 'oSilent']) {
      await wechat.fastForward(openId, 11 * HOUR)
    }
    for (const openId of ['oOne', 'oOther', 'oSilent', 'oLeaves'])
      await api.app.waitForRun(appId, openId, (r) => r.status === 'ended')
  }
  await waitFor(async () => (await api.get<{ pending: number }>('/api/inbox')).body, {
    until: ({ pending }) => pending === 0,
  })
})
afterAll(() => api?.close())

const stepsOf = ({ steps }: Runs) => Object.fromEntries(steps.map(({ step, results }) => [step, results]))

describe('a dry run', () => {
  it('plays a file of the largest size', async () => {
    const campaign = `${CAMPAIGN}# ${'注'.repeat(250_000)}`
    expect(await play({ campaign })).toMatchObject({ status: 200, body: { version: null } })
  })

  it('of the same version finds what happened, message by message', async () => {
    const { status, body } = await play({})
    expect(status).toBe(200)
    expect(body).toMatchObject({ version: 1, followers: 4, texts: { kept: 3, notKept: 0 }, truncated: null })
    expect(body.comparison).toEqual({ same: 4, different: 0, onlyDryRun: 0, onlyReal: 0 })
    expect(stepsOf(body.dryRun)).toEqual(stepsOf(body.real))
    expect(stepsOf(body.real)).toMatchObject({
      hello: { sent: 4 },
      gift: { sent: 1 },
      tip: { sent: 1 },
      again: { sent: 1 },
    })
    expect(body.dryRun.outcomes).toEqual(body.real.outcomes)
    expect(body.dryRun.forks).toEqual(body.real.forks)
    expect(body.dryRun.replies).toMatchObject({ reply: 4, 'answers.0': 1 })
    expect(body.real.replies).toEqual({ 'answers.0': 1 })
    // On a slow machine the grant of the follow is over before the answers.
    expect((body.dryRun.grants.subscribe ?? 0) + (body.dryRun.grants.message ?? 0)).toBe(7)
  })

  it('of a changed file differs where the file does', async () => {
    const { body } = await play({ campaign: CAMPAIGN.replace("keywords: ['1']", "keywords: ['2']") })
    expect(body.version).toBeNull()
    expect(body.comparison).toEqual({ same: 3, different: 1, onlyDryRun: 0, onlyReal: 0 })
    expect(stepsOf(body.dryRun)).toMatchObject({ hello: { sent: 4 }, again: { sent: 2 } })
    expect(body.dryRun.forks[0]?.branches).toMatchObject({ other: 2 })
    const elsewhere = await play({ campaign: CAMPAIGN.replace('event: subscribe', 'keywords: [nobody]') })
    expect(elsewhere.body).toMatchObject({ dryRun: { begun: 0 }, comparison: { onlyReal: 4 } })
  })

  it('says how many texts were not kept, and takes them for texts that fit no keyword', async () => {
    const { body } = await play({ account: WITHOUT_TEXTS })
    expect(body.texts).toEqual({ kept: 0, notKept: 3 })
    expect(body.dryRun.forks[0]?.branches).toMatchObject({ other: 2 })
    expect(body.comparison).toMatchObject({ same: 3, different: 1 })
  })

  it('plays no more followers than its limit, and says so', async () => {
    expect((await play({ limit: 2 })).body).toMatchObject({ followers: 2, truncated: 'followers' })
    expect((await play({ limit: 4 })).body).toMatchObject({ followers: 4, truncated: null })
    const { accounts, db, campaigns } = api.app.services
    const [account, found] = [await accounts.find(WITH_TEXTS), await campaigns.version('asks', 1)]
    if (!account || !found) throw new Error('not stored')
    const request = { account, campaign: found.model, version: 1, from: Date.parse(from), to: Date.parse(to) }
    const signal = AbortSignal.abort(new Error('stopped by the test'))
    const stopped = dryRun({ db, campaigns, now: Date.now, signal }, { ...request, maxFollowers: 10 })
    await expect(stopped).rejects.toThrow('stopped by the test')
    const deps = { db, campaigns, now: Date.now, budgetMs: 0 }
    expect(await dryRun(deps, { ...request, maxFollowers: 10 })).toMatchObject({
      followers: 0,
      truncated: 'time',
    })
  })

  it('is empty for a period without events', async () => {
    const { status, body } = await play({ to: new Date(Date.parse(from) + 60_000).toISOString() })
    expect([status, body.followers, body.dryRun.begun, body.real.begun]).toEqual([200, 0, 0, 0])
  })

  it('changes no row and sends nothing', async () => {
    const { db } = api.app.services
    const snapshot = async () => {
      const tables = [
        'runs',
        'deliveries',
        'inbox',
        'followers',
        'outbox',
        'goals',
        'audit_log',
        'campaign_versions',
      ]
      const sums = tables.map(async (t) => {
        const { rows } = await execute(
          db,
          sql.raw(
            `SELECT count(*) AS n, md5(string_agg(to_jsonb(t)::text, ',' ORDER BY to_jsonb(t)::text)) AS sum FROM ${t} t`,
          ),
        )
        return [t, rows[0]]
      })
      return Promise.all(sums)
    }
    const before = await snapshot()
    const sends = api.app.simulator.account(WITH_TEXTS).sends.length
    expect((await play({})).status).toBe(200)
    expect(await snapshot()).toEqual(before)
    expect(api.app.simulator.account(WITH_TEXTS).sends.length).toBe(sends)
  })

  it('names no follower', async () => {
    const { text } = await play({})
    for (const openId of ['oOne', 'oOther', 'oSilent', 'oLeaves']) expect(text).not.toContain(openId)
  })

  it.each([
    ['account', { account: 'wxunknownaccount1' }, 404, 'account'],
    ['campaign', { campaign: 'nobody' }, 404, 'campaign'],
    ['version', { version: 9 }, 404, 'version'],
  ])('of an unknown %s is 404', async (_, body, status, named) => {
    const answer = await play<ErrorBody>(body)
    expect(answer.status).toBe(status)
    expect(answer.body.error.message).toContain(named)
  })

  it.each([
    ['a time without zone', { from: '2026-11-30T00:00:00' }, 'from'],
    ['an end before its beginning', { to: new Date(Date.parse(from) - 1).toISOString() }, 'to'],
    ['events that are deleted', { from: new Date(Date.now() - 8 * 24 * HOUR).toISOString() }, 'from'],
    ['too long a period', { to: new Date(Date.parse(from) + 8 * 24 * HOUR).toISOString() }, 'to'],
    ['a version of a file', { campaign: CAMPAIGN, version: 1 }, 'version'],
    ['a file with errors', { campaign: 'id: x' }, 'entry'],
    ['no follower', { limit: 0 }, 'limit'],
    ['an unknown field', { openId: 'o' }, 'openId'],
  ])('of %s is 422 with the field', async (_, body, path) => {
    const { status, body: answer } = await play<ErrorBody>(body)
    expect(status).toBe(422)
    expect(answer.error.issues?.map((i) => i.path)).toContain(path)
  })

  it('is a command, which shows both and what is missing', async () => {
    vi.stubEnv('ADMIN_TOKEN', ADMIN_TOKEN)
    onTestFinished(() => void vi.unstubAllEnvs())
    const run = async (...args: string[]) => {
      const out: string[] = []
      const err: string[] = []
      const command = [
        'campaign',
        'dry-run',
        'asks',
        '--from',
        from,
        '--to',
        to,
        '--url',
        api.app.callbackUrl,
      ]
      const code = await runCli([...command, ...args], {
        out: (t) => out.push(t),
        err: (t) => err.push(t),
        write: async (t) => void out.push(t),
      })
      return { code, out: out.join('\n'), err: err.join('\n') }
    }
    const exact = await run('--account', WITH_TEXTS, '--of', '1')
    expect(exact).toMatchObject({ code: 0, err: '' })
    for (const word of ['asks@1', 'followers: 4', 'tip sent', 'ask one', 'same 4'])
      expect(exact.out).toContain(word)
    expect((await run('--account', WITHOUT_TEXTS)).out).toContain('3 texts were not kept')
    const unknown = await run('--account', 'wxunknownaccount1')
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('wxunknownaccount1')])
  })

  it('is one at a time', async () => {
    const answers = await Promise.all([play({}), play({})])
    expect(answers.map((a) => a.status).sort()).toEqual([200, 429])
  })
})
