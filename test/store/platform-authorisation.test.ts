import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { createPurge } from '../../src/jobs/purge.ts'
import type { Db } from '../../src/store/db.ts'
import { answered, authorization, createPlatformHarness } from '../harness/platform-harness.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const DAY_MS = 86_400_000
const T0 = Date.parse('2026-11-23T08:00:00Z')
/** As long and of such letters as WeChat's are. */
const CODE = `queryauthcode@@@${'aB3-_'.repeat(17)}x`
const VISIT_MS = 1_800_000

/** The platform's pages. Requests to WeChat are counted, and WeChat takes only codes that begin as its own do. */
function pagesOver(db: Db) {
  const requests = { preAuthCode: 0, queryAuth: 0 }
  const refused = {
    kind: 'answered',
    errcode: 61010,
    errmsg: 'code is expired',
    rid: null,
    data: null,
  } as const
  const harness = createPlatformHarness(db, {
    now: T0,
    clientAddress: '198.51.100.1',
    client: {
      async preAuthCode() {
        requests.preAuthCode += 1
        return answered({ pre_auth_code: 'pre', expires_in: VISIT_MS / 1_000 })
      },
      async queryAuth(_, code) {
        requests.queryAuth += 1
        return code.startsWith('queryauthcode@@@') ? authorization('r') : refused
      },
    },
  })
  const { app, clock, platform, setClientAddress } = harness
  return {
    clock,
    platform,
    setClientAddress,
    requests,
    async count(table: string): Promise<number> {
      // The driver types rows as unknown records.
      const { rows } = (await db.execute(sql.raw(`SELECT count(*) AS n FROM ${table}`))) as unknown as {
        rows: { n: string | number }[]
      }
      return Number(rows[0]?.n)
    },
    begin: () => Promise.resolve(app.request('/wechat/component/authorize')),
    /** The state that WeChat gets with an owner. */
    async state(): Promise<string> {
      const answer = await app.request('/wechat/component/authorize')
      const page = new URL(answer.headers.get('location') ?? '')
      return new URL(page.searchParams.get('redirect_uri') ?? '').searchParams.get('state') ?? ''
    },
    back: (state: string, code: string) =>
      Promise.resolve(
        app.request(`/wechat/component/authorized?${new URLSearchParams({ state, auth_code: code })}`),
      ),
  }
}

describeOnBothStores('an owner’s way to WeChat’s authorisation page and back', (open) => {
  const start = async () => pagesOver((await open()).db)

  it('asks WeChat nothing and keeps nothing for a state that we did not make', async () => {
    const at = await start()
    const foreign = await pagesOver((await open()).db).state()
    const made = [
      'x',
      'a'.repeat(24),
      foreign.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      `${foreign}0`,
      foreign.toUpperCase(),
      '',
    ]
    for (const state of made) expect((await at.back(state, CODE)).status).toBe(400)
    expect([at.requests.queryAuth, await at.count('platform_events')]).toEqual([0, 0])
  })

  it('asks WeChat for one code of each visit, and shows the same page when that is loaded again', async () => {
    const at = await start()
    const state = await at.state()
    const first = await at.back(state, CODE)
    expect([first.status, await first.text()]).toEqual([200, expect.stringContaining('授权成功')])
    for (let i = 0; i < 20; i++) expect((await at.back(state, `${CODE}${i}`)).status).toBe(400)
    expect((await at.back(state, CODE)).status).toBe(200)
    expect([at.requests.queryAuth, await at.count('platform_events')]).toEqual([1, 1])
  })

  it('asks WeChat once for a made-up code', async () => {
    const at = await start()
    const state = await at.state()
    for (let i = 0; i < 5; i++) expect((await at.back(state, 'made-up')).status).toBe(400)
    expect((await at.back(state, CODE)).status).toBe(400)
    expect(at.requests.queryAuth).toBe(1)
  })

  it.each([
    ['empty', ''],
    ['long', 'x'.repeat(513)],
    ['of other signs', 'a b'],
    ['with NUL', 'a\0'],
    ['with markup', '<b>'],
  ])('takes no code that is %s', async (_, code) => {
    const at = await start()
    expect((await at.back(await at.state(), code)).status).toBe(400)
    expect([at.requests.queryAuth, await at.count('platform_events')]).toEqual([0, 0])
  })

  it('is closed once its time is over', async () => {
    const at = await start()
    const state = await at.state()
    at.clock.now += VISIT_MS
    expect((await at.back(state, CODE)).status).toBe(400)
    expect(at.requests.queryAuth).toBe(0)
  })

  it('is begun a few times from one address, and then says when again; others go on', async () => {
    const at = await start()
    const answers = []
    for (let i = 0; i < 200; i++) answers.push(await at.begin())
    const begun = answers.filter((a) => a.status === 302).length
    expect(begun).toBeLessThanOrEqual(40)
    expect([at.requests.preAuthCode, await at.count('pending_authorisations')]).toEqual([begun, begun])
    const last = answers.at(-1)
    expect([last?.status, last?.headers.get('retry-after')]).toEqual([429, '15'])
    expect(await last?.text()).toContain('请求过于频繁')
    at.setClientAddress('203.0.113.5')
    expect((await at.begin()).status).toBe(302)
    at.setClientAddress('198.51.100.1')
    at.clock.now += 15_000
    expect((await at.begin()).status).toBe(302)
  })

  it('is begun no more often than WeChat’s calls of a day allow, from however many addresses', async () => {
    const at = await start()
    for (let i = 0; i < 500; i++) {
      at.setClientAddress(`10.0.${i >> 8}.${i & 255}`)
      await at.begin()
    }
    expect(at.requests.preAuthCode).toBe(200)
  })

  it('is loaded again so often from one address, and no more', async () => {
    const at = await start()
    const state = await at.state()
    const statuses = []
    for (let i = 0; i < 100; i++) statuses.push((await at.back(state, CODE)).status)
    expect([statuses.filter((s) => s === 200).length, statuses.at(-1)]).toEqual([60, 429])
  })

  it('is purged: visits and authorisations are deleted, revocations stay', async () => {
    const { db } = await open()
    const at = pagesOver(db)
    await at.back(await at.state(), CODE)
    await at.back(await at.state(), 'made-up')
    await at.platform.acceptEvent({
      kind: 'unauthorised',
      appId: 'wxgone',
      code: null,
      dedupeKey: 'gone',
      createTime: T0,
    })
    await at.platform.processEvents()
    const purge = createPurge({ db, now: () => at.clock.now, retentionDays: 30 })
    await purge.run({ lastRunAt: null })
    expect([await at.count('pending_authorisations'), await at.count('platform_events')]).toEqual([2, 3])
    at.clock.now += 7 * DAY_MS + VISIT_MS + 1
    await at.platform.acceptEvent({
      kind: 'authorised',
      appId: null,
      code: CODE,
      dedupeKey: 'waits',
      createTime: null,
    })
    await purge.run({ lastRunAt: null })
    expect([await at.count('pending_authorisations'), await at.count('platform_events')]).toEqual([0, 2])
  })
})
