import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maskId } from '../../src/shared/ids.ts'
import { auditLog, followers, inbox } from '../../src/store/schema.ts'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  startApiHarness,
} from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxrequests000001'
const OTHER = 'wxrequests000002'
const HOUR = 3_600_000

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  for (const appId of [APP, OTHER]) await api.addAccount({ appId })
  const entry = (keyword: string) => `entry: { event: message, keywords: [${keyword}] }`
  const text = (id: string, words: string, after = '0s') =>
    `{ id: ${id}, after: ${after}, since: entry, send: { text: ${words} } }`
  const served = `accounts: [${APP}]`
  await api.put(
    campaignYaml('thanks', [text('hi', '谢谢'), text('far', '再见', '20h')], [served, entry('谢谢')]),
  )
  await api.put(campaignYaml('once', [text('hi', '一次')], [served, entry('一次'), 'reentry: never']))
  await api.put(campaignYaml('theirs', [text('hi', '别人')], [`accounts: [${OTHER}]`, entry('别人')]))
  await api.put(campaignYaml('stopped', [text('hi', '停')], [served, entry('停')]))
  await api.call('POST', '/api/campaigns/stopped/pause')
  await api.put(
    campaignYaml(
      'leaving',
      [text('hi', '在')],
      [served, entry('来'), 'exit: { keywords: [TD] }', 'priority: -1'],
    ),
  )
})
afterAll(() => api?.close())

const path = (openId: string, call: string, appId = APP) => `/api/followers/${appId}/${openId}/${call}`
const setFacts = (openId: string, json: unknown, headers = {}, appId = APP) =>
  api.call<ErrorBody>('PATCH', path(openId, 'facts', appId), { json, headers })
const enter = (openId: string, json: unknown, headers = {}, appId = APP) =>
  api.call<ErrorBody>('POST', path(openId, 'enter', appId), { json, headers })
const factsOf = async (openId: string) =>
  (await api.get<{ facts: Record<string, unknown> }>(path(openId, 'facts'))).body.facts
const rowsOf = (openId: string) => api.app.services.db.select().from(inbox).where(eq(inbox.openId, openId))
const settled = (openId: string) =>
  waitFor(() => rowsOf(openId), { until: (rows) => rows.every((r) => r.dispatchedAt !== null) })
/** How many entries of the audit log tell of a change of the follower. */
const audited = (openId: string, action: string) => {
  const target = `${APP}/${maskId(openId)}`
  return api.app.services.db.$count(auditLog, and(eq(auditLog.target, target), eq(auditLog.action, action)))
}
const sentTo = (openId: string) =>
  api.app.simulator
    .account(APP)
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => (s.body.text as { content: string }).content)

/** A follower who has typed a word that starts nothing: known, with a grant of five messages and no other. */
async function known(openId: string) {
  const wechat = api.app.simulator.account(APP)
  api.app.simulator.wechat.follower({ appId: APP, openId }).following = true
  await wechat.type(openId, '在吗')
  await waitFor(() => api.get(path(openId, 'facts')), { until: ({ status }) => status === 200 })
  return wechat
}

describe('facts of a follower', () => {
  it('are set in order, and kept', async () => {
    await known('oFacts')
    const facts = { paid: false, amount: 12.5, visitAt: '2026-11-24T15:00:00+08:00' }
    expect(await setFacts('oFacts', facts)).toMatchObject({
      status: 202,
      body: { accepted: true, duplicate: false },
    })
    for (let i = 1; i <= 5; i++) expect((await setFacts('oFacts', { helpers: i })).status).toBe(202)
    await setFacts('oFacts', { paid: true })
    await waitFor(() => factsOf('oFacts'), { until: ({ paid }) => paid === true })
    expect(await factsOf('oFacts')).toEqual({ ...facts, paid: true, helpers: 5 })
    const rows = await settled('oFacts')
    const named = [Object.keys(facts), ...Array.from({ length: 5 }, () => ['helpers']), ['paid']]
    // Names only: the values stay in one place.
    expect(rows.filter((r) => r.kind === 'fact').map((r) => [r.result, r.event])).toEqual(
      named.map((names) => ['stored', { aheadMs: expect.any(Number), request: { type: 'fact', names } }]),
    )
  })

  it('start nothing, open no grant and keep no run alive', async () => {
    await known('oQuiet')
    const [before] = await api.app.services.db.select().from(followers).where(eq(followers.openId, 'oQuiet'))
    await setFacts('oQuiet', { paid: true })
    await settled('oQuiet')
    const [after] = await api.app.services.db.select().from(followers).where(eq(followers.openId, 'oQuiet'))
    expect(after).toMatchObject({ grants: before?.grants, lastInteractionAt: before?.lastInteractionAt })
    expect((await api.get(`/api/followers/${APP}/oQuiet`)).status).toBe(404)
  })

  it('give an active run no signal that it does not know', async () => {
    const wechat = await known('oRunning')
    await wechat.type('oRunning', '谢谢')
    await api.app.waitForRun(APP, 'oRunning', (r) => r.state.steps[0]?.state === 'sent')
    await setFacts('oRunning', { paid: true })
    await settled('oRunning')
    await wechat.fastForward('oRunning', 21 * HOUR)
    const run = await api.app.waitForRun(APP, 'oRunning', (r) => r.status === 'ended')
    expect(run.state).toMatchObject({ outcome: 'completed', warnings: [] })
    expect(sentTo('oRunning')).toEqual(['谢谢', '再见'])
  })

  it.each<[string, unknown, string[]]>([
    ['a bad name', { 'a b': 1, ok: 1 }, ['a b']],
    ['null', { a: null }, ['a']],
    ['201 characters', { a: 'x'.repeat(201) }, ['a']],
    ['two bad facts', { a: [], b: {} }, ['a', 'b']],
    ['no object', ['a'], ['']],
    ['half an emoji', { a: '\ud83d' }, ['a']],
  ])('are refused with the field, and none is set: %s', async (_, json, paths) => {
    await known('oBad')
    const { status, body } = await setFacts('oBad', json)
    expect([status, body.error.issues?.map((i) => i.path)]).toEqual([422, paths])
    expect(await factsOf('oBad')).toEqual({})
    expect((await rowsOf('oBad')).filter((r) => r.kind === 'fact')).toEqual([])
  })

  it('are bounded by their number, the new ones with the known ones', async () => {
    await known('oMany')
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, i]))
    expect((await setFacts('oMany', many)).status).toBe(202)
    await settled('oMany')
    expect((await setFacts('oMany', { one: 1 })).body.error.issues).toMatchObject([{ path: 'facts' }])
    expect((await setFacts('oMany', { f1: 'newer' })).status).toBe(202)
  })

  it.each([
    ['an unknown follower', 'oNobody', APP],
    ['a follower of another account', 'oFacts', OTHER],
    ['an unknown account', 'oFacts', 'wxnobody00000001'],
  ])('of %s: 404, and nothing is stored', async (_, openId, appId) => {
    const before = await api.app.services.db.$count(inbox)
    expect((await setFacts(openId, { a: 1 }, {}, appId)).status).toBe(404)
    expect((await enter(openId, { campaign: 'thanks' }, {}, appId)).status).toBe(404)
    expect(await api.app.services.db.$count(inbox)).toBe(before)
  })

  it('are set once for each Idempotency-Key', async () => {
    await known('oKey')
    const key = { 'idempotency-key': 'order-17' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => setFacts('oKey', { n: 1 }, key)))
    expect(answers.map((a) => a.status)).toEqual(Array.from({ length: 8 }, () => 202))
    await setFacts('oKey', { n: 2 })
    expect(await setFacts('oKey', { n: 1 }, key)).toMatchObject({ status: 202, body: { duplicate: true } })
    await settled('oKey')
    expect(await factsOf('oKey')).toEqual({ n: 2 })
    expect((await rowsOf('oKey')).filter((r) => r.kind === 'fact')).toHaveLength(2)
    expect(await audited('oKey', 'follower.facts')).toBe(2)
    const other = await setFacts('oKey', { n: 3 }, key)
    expect([other.status, other.body.error.issues?.[0]?.path]).toEqual([422, 'idempotency-key'])
    // The same key for another follower is another request.
    await known('oKeyToo')
    expect(await setFacts('oKeyToo', { n: 3 }, key)).toMatchObject({ body: { duplicate: false } })
    expect((await setFacts('oKey', { n: 4 }, { 'idempotency-key': 'a b' })).status).toBe(422)
    expect((await setFacts('oKey', { n: 4 }, { 'idempotency-key': 'x'.repeat(129) })).status).toBe(422)
  })

  it('are audited by name and without their values', async () => {
    await known('oAudited-0001')
    await setFacts('oAudited-0001', { diagnosis: 'flu' })
    const { text } = await api.get('/api/audit?limit=5')
    expect(text).toContain('follower.facts')
    expect(text).toContain('diagnosis')
    expect(text).not.toContain('flu')
    expect(text).not.toContain('oAudited-0001')
  })
})

describe('an entry by the API', () => {
  it('starts a run that the follower’s earlier grant pays for, with its facts', async () => {
    await known('oEnters')
    expect(await enter('oEnters', { campaign: 'thanks', facts: { paid: true } })).toMatchObject({
      status: 202,
    })
    const run = await api.app.waitForRun(APP, 'oEnters', (r) => r.state.steps[0]?.state === 'sent')
    expect(run.entry).toMatchObject({ event: 'api', text: null })
    expect(sentTo('oEnters')).toEqual(['谢谢'])
    expect(await factsOf('oEnters')).toEqual({ paid: true })
    const { body } = await api.get<FollowerBody>(`/api/followers/${APP}/oEnters`)
    expect(body.ledger).toMatchObject([{ scene: 'message', quota: 5, used: 1 }])
    // The window counts from the request.
    expect(Date.parse(body.window.closesAt) - run.createdAt).toBeGreaterThan(47.9 * HOUR)
    const second = await enter('oEnters', { campaign: 'once', facts: { half: 1 } })
    expect([second.status, second.body.error.code]).toEqual([409, 'busy'])
    await settled('oEnters')
    expect(await factsOf('oEnters')).toEqual({ paid: true })
  })

  it('without any grant sends nothing: the step is held', async () => {
    const wechat = await known('oNoGrant')
    await api.app.services.db.update(followers).set({ grants: [] }).where(eq(followers.openId, 'oNoGrant'))
    await enter('oNoGrant', { campaign: 'thanks' })
    await api.app.waitForRun(APP, 'oNoGrant', (r) => r.state.steps[0]?.state === 'held')
    expect(sentTo('oNoGrant')).toEqual([])
    await wechat.type('oNoGrant', '在')
    await api.app.waitForRun(APP, 'oNoGrant', (r) => r.state.steps[0]?.state === 'sent')
  })

  it('starts once for each Idempotency-Key, also when repeated while the run is active', async () => {
    await known('oOnce')
    const key = { 'idempotency-key': 'k-1' }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => enter('oOnce', { campaign: 'thanks' }, key)),
    )
    expect(answers.filter((a) => a.status !== 202)).toEqual([])
    await api.app.waitForRun(APP, 'oOnce', (r) => r.state.steps[0]?.state === 'sent')
    expect((await enter('oOnce', { campaign: 'thanks' }, key)).body).toMatchObject({ duplicate: true })
    await settled('oOnce')
    expect(sentTo('oOnce')).toEqual(['谢谢'])
    expect(await audited('oOnce', 'follower.enter')).toBe(1)
  })

  it('starts once when two requests race: the other is busy', async () => {
    await known('oRace')
    const answers = await Promise.all([
      enter('oRace', { campaign: 'thanks' }),
      enter('oRace', { campaign: 'once' }),
      enter('oRace', { campaign: 'thanks' }),
    ])
    expect(answers.some((a) => a.status === 202)).toBe(true)
    await api.app.waitForRun(APP, 'oRace', (r) => r.state.steps[0]?.state === 'sent')
    const rows = await settled('oRace')
    expect(rows.filter((r) => r.result === 'started')).toHaveLength(1)
    expect(sentTo('oRace')).toHaveLength(1)
  })

  it('is refused by reentry, after an opt-out and after an unfollow', async () => {
    const wechat = await known('oRefused')
    await enter('oRefused', { campaign: 'once' })
    await api.app.waitForRun(APP, 'oRefused', (r) => r.status === 'ended')
    const again = await enter('oRefused', { campaign: 'once' })
    expect([again.status, again.body.error.code]).toEqual([409, 'reentry'])
    await wechat.type('oRefused', 'TD')
    await settled('oRefused')
    expect((await enter('oRefused', { campaign: 'thanks' })).body.error.code).toBe('opted-out')
    const left = await known('oLeft')
    await left.unfollow('oLeft')
    await settled('oLeft')
    const gone = await enter('oLeft', { campaign: 'thanks' })
    expect([gone.status, gone.body.error.code]).toEqual([409, 'unfollowed'])
  })

  it('ends at once with an unfollow of the next second', async () => {
    const wechat = await known('oBrief')
    await enter('oBrief', { campaign: 'thanks' })
    await wechat.unfollow('oBrief')
    await api.app.waitForRun(APP, 'oBrief', (r) => r.outcome === 'unsubscribed')
  })

  it('answers 404 for an unknown campaign, 409 for a paused one, 422 for one of other accounts', async () => {
    await known('oWrong')
    const answer = async (json: unknown) => {
      const { status, body } = await enter('oWrong', json)
      return [status, body.error.issues?.map((i) => i.path) ?? body.error.code]
    }
    expect(await answer({ campaign: 'nothing' })).toEqual([404, 'not-found'])
    expect(await answer({ campaign: 'stopped' })).toEqual([409, 'campaign-paused'])
    expect(await answer({ campaign: 'theirs' })).toEqual([422, ['campaign']])
    expect(await answer({})).toEqual([422, ['campaign']])
    expect(await answer({ campaign: 'thanks', when: 'now' })).toEqual([422, ['when']])
    expect(await answer({ campaign: 'thanks', facts: { 'a b': 1 } })).toEqual([422, ['facts.a b']])
    expect((await rowsOf('oWrong')).filter((r) => r.kind === 'enter')).toEqual([])
  })
})

describe('tags by the API', () => {
  it('are changed at WeChat and become an event', async () => {
    const wechat = await known('oTagged')
    wechat.setTags('oTagged', ['潜在'])
    const answer = await api.call('POST', path('oTagged', 'tags'), {
      json: { add: ['金卡'], remove: ['潜在'] },
    })
    expect(answer).toMatchObject({ status: 200, body: { added: ['金卡'], removed: ['潜在'] } })
    expect(wechat.tags('oTagged')).toEqual(['金卡'])
    const rows = await settled('oTagged')
    expect(rows.filter((r) => r.kind === 'tag').map((r) => r.result)).toEqual(['not-told'])
  })

  it('begin a campaign that names them', async () => {
    const steps = ['{ id: hi, send: { text: 您好 } }']
    expect(
      (await api.put(campaignYaml('gold', steps, [`accounts: [${APP}]`, 'entry: { tags: [钻石] }']))).status,
    ).toBe(201)
    await known('oDiamond')
    await api.call('POST', path('oDiamond', 'tags'), { json: { add: ['钻石'] } })
    const rows = await settled('oDiamond')
    expect(rows.filter((r) => r.kind === 'tag').map((r) => r.result)).toEqual(['started'])
    await waitFor(() => sentTo('oDiamond'), { until: (texts) => texts.includes('您好') })
  })

  it('that WeChat refuses are no event', async () => {
    const wechat = await known('oFull')
    wechat.setTags(
      'oFull',
      Array.from({ length: 20 }, (_, i) => `t${i}`),
    )
    const { status, body } = await api.call<ErrorBody>('POST', path('oFull', 'tags'), {
      json: { add: ['满'] },
    })
    expect([status, body.error.message]).toEqual([422, expect.stringContaining('45059')])
    expect((await rowsOf('oFull')).filter((r) => r.kind === 'tag')).toEqual([])
  })

  it('need a known follower and at least one tag of at most 30 characters', async () => {
    const tags = (openId: string, json: unknown) => api.call('POST', path(openId, 'tags'), { json })
    expect((await tags('oNobody', { add: ['x'] })).status).toBe(404)
    await known('oTagged')
    expect((await tags('oTagged', {})).status).toBe(422)
    expect((await tags('oTagged', { add: ['x'.repeat(31)] })).status).toBe(422)
  })
})
