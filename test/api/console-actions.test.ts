import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BULK_LEASE_MS } from '../../src/store/bulk/bulk-jobs.ts'
import { bulkJobs } from '../../src/store/schema.ts'
import { type ApiHarness, campaignYaml, startApiHarness } from '../harness/api-harness.ts'
import { cookieOf, signInAs } from '../harness/console-session.ts'

const APP = 'wxactions00000001'
let api: ApiHarness
let cookies: Record<string, string> = {}
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '动作' })
  await api.put(campaignYaml('shown', ['{ id: a, after: 1s, since: entry, send: { text: 你好 } }'], []))
  cookies = await signInAs(api, ['viewer', 'operator'])
})
afterAll(() => api?.close())

const send = (path: string, role: string, init: RequestInit = {}) => {
  const { headers, ...rest } = init
  const cookie = cookies[role] ?? ''
  return api.web.request(path, { ...rest, headers: { cookie, ...(headers as Record<string, string>) } })
}

describe('a form of a page', () => {
  it('does its work, leads back, and says what it did', async () => {
    const paused = await send('/campaigns/shown/pause', 'operator', { method: 'POST' })
    expect([paused.status, paused.headers.get('location')]).toEqual([303, '/campaigns/shown'])
    const notice = cookieOf(paused)
    const page = await send('/campaigns/shown', 'operator', {
      headers: { cookie: `${cookies.operator}; ${notice}`, 'accept-language': 'zh-CN' },
    })
    const html = await page.text()
    expect(html).toContain('已暂停「测试 shown」')
    expect(html).toContain('action="/campaigns/shown/resume"')
    await send('/campaigns/shown/resume', 'operator', { method: 'POST' })
    const audit = (await api.call<{ items: { actor: string; action: string }[] }>('GET', '/api/audit')).body
    const actions = audit.items.map((i) => `${i.actor} ${i.action}`)
    expect(actions).toEqual(expect.arrayContaining(['operator campaign.pause', 'operator campaign.resume']))
  })

  it('is not offered to a viewer, who is refused', async () => {
    const html = await (await send('/campaigns/shown', 'viewer')).text()
    expect(html).not.toContain('/campaigns/shown/pause')
    const response = await send('/campaigns/shown/pause', 'viewer', { method: 'POST' })
    expect(response.status).toBe(403)
  })

  it('says in the language of the reader why it was refused', async () => {
    await api.put(campaignYaml('old', ['{ id: a, after: 1s, since: entry, send: { text: 你好 } }'], []))
    await api.call('POST', '/api/campaigns/old/retire')
    const refusal = async (language: string) => {
      const headers = { 'accept-language': language }
      const response = await send('/campaigns/old/resume', 'operator', { method: 'POST', headers })
      expect(response.status).toBe(409)
      return response.text()
    }
    expect(await refusal('zh-CN')).toContain('活动 old 已下线：先重新上线。')
    expect(await refusal('en')).toContain('Campaign old is retired.')
  })

  it.each(['%2e%2e', '..%2f..%2fusers', '%2e'])('about the id %s reaches no other call', async (id) => {
    const response = await send(`/campaigns/${id}/pause`, 'operator', { method: 'POST' })
    expect(response.status).toBe(404)
  })

  it.each([
    ['a filter that is not valid', { all: 'yes', openId: '%' }],
    ['a filter with a value that no follower has', { all: 'yes', status: 'zzz' }],
    ['a version without its campaign', { all: 'yes', version: '2' }],
    ['hours that are not written in digits', { all: 'yes', closing: '0x10' }],
    ['neither followers nor all', {}],
    ['no followers', { picks: '' }],
    ['followers that are none', { picks: 'nobody' }],
  ])('that changes many followers is refused with %s, and changes nobody', async (_, fields) => {
    const jobs = async () => (await api.call<{ items: unknown[] }>('GET', '/api/bulk-jobs')).body.items
    const before = await jobs()
    const body = new URLSearchParams({ action: 'cancel', ...fields } as Record<string, string>)
    const response = await send('/followers/bulk', 'operator', { method: 'POST', body })
    expect([response.status, await jobs()]).toEqual([422, before])
  })

  it('that changes many followers asks nothing when a filter of the address is left out', async () => {
    const page = async (query: string) =>
      (await send(`/followers?bulk=cancel&all=yes${query}`, 'operator')).text()
    expect(await page('')).toContain('id="bulk-dialog"')
    expect(await page('&openId=%25')).not.toContain('id="bulk-dialog"')
  })

  it('that changes many followers is asked for without the list, of those who may change them', async () => {
    const question = async (user: 'operator' | 'viewer', query = '') => {
      const response = await send(`/followers/question?bulk=cancel&all=yes${query}`, user)
      return [response.status, await response.text()] as const
    }
    const [status, html] = await question('operator')
    expect([status, html]).toEqual([200, expect.stringMatching(/^<dialog id="bulk-dialog"/)])
    expect(await question('viewer')).toEqual([200, ''])
    const [, refused] = await question('operator', '&openId=%25')
    expect(refused).toContain('没有做任何改变')
    expect(refused).not.toContain('<form')
  })

  it.each(['a\r\nx-other: 1', '键', '\u007f'])('with the key %j is refused', async (key) => {
    for (const [path, fields] of [
      ['/followers/bulk', { action: 'pause', all: 'yes' }],
      [`/followers/${APP}/oSomebody/enter`, { campaign: 'shown' }],
    ] as const) {
      const body = new URLSearchParams({ ...fields, key } as Record<string, string>)
      const response = await send(path, 'operator', { method: 'POST', body })
      expect([path, response.status]).toEqual([path, 400])
    }
  })

  it('about something that is gone answers 404', async () => {
    const response = await send('/campaigns/gone/pause', 'operator', { method: 'POST' })
    expect(response.status).toBe(404)
  })
})

describe('a change of many followers', () => {
  it.each([
    'appId',
    'openId',
    'status',
    'outcome',
    'campaign',
    'version',
    'reason',
    'scene',
    'tag',
    'closing',
    'bulkJob',
  ])('is refused with an empty filter by %s, which would select everybody', async (name) => {
    const json = { action: 'cancel', filter: { [name]: '' }, dryRun: true }
    expect((await api.call('POST', '/api/followers/bulk', { json })).status).toBe(422)
  })
})

describe('the page of a bulk job that runs', () => {
  /** Begun ten minutes ago, with 235 of 335 runs left. */
  async function pageOf(id: string, workedOnMsAgo: number): Promise<string> {
    const now = Date.now()
    const lease = { leaseOwnerId: 'test', leaseExpiresAt: now - workedOnMsAgo + BULK_LEASE_MS }
    const job = { id, action: 'pause', selection: {}, state: 'running', total: 335, done: 100 } as const
    const times = { createdBy: 'test', createdAt: now - 600_000 }
    await api.app.services.db.insert(bulkJobs).values({ ...job, ...times, ...lease })
    const headers = { 'accept-language': 'zh-CN' }
    const html = await (await send(`/bulk-jobs/${id}`, 'operator', { headers })).text()
    await api.app.services.db.delete(bulkJobs).where(eq(bulkJobs.id, id))
    return html
  }

  it('does not count the time of a restart into what is left', async () => {
    expect(await pageOf('restarted', 0)).toContain('约还需 24 秒')
  })

  it('says that it goes on by itself while no process works on it', async () => {
    const html = await pageOf('lost', 30_000)
    expect(html).toContain('会自动继续')
    expect(html).not.toContain('约还需')
  })
})

describe('a key of a change of many followers', () => {
  const begin = (json: unknown) =>
    api.call<{ id: string }>('POST', '/api/followers/bulk', { json, headers: { 'idempotency-key': 'once' } })
  const of = (openId: string) => ({ action: 'cancel', followers: [{ appId: APP, openId }] })

  it('gives the same job again, and is refused for other followers and another reason', async () => {
    const first = await begin(of('oFirst'))
    const again = await begin(of('oFirst'))
    expect([first.status, again.status, again.body.id]).toEqual([202, 202, first.body.id])
    expect(first.body).not.toHaveProperty('requestHash')
    for (const other of [of('oOther'), { ...of('oFirst'), reason: 'other' }])
      expect((await begin(other)).status).toBe(422)
    // The repetition has changed nothing.
    const audit = await api.get<{ items: unknown[] }>(`/api/audit?target=${first.body.id}`)
    expect(audit.body.items).toHaveLength(1)
  })
})

describe("the operator API for the console's scripts", () => {
  const script = { 'x-nurture-console': '1' }

  it('answers as with a token', async () => {
    const response = await send('/console/api/campaigns/shown', 'viewer', { headers: script })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual((await api.call('GET', '/api/campaigns/shown')).body)
  })

  it('has the same roles and limits', async () => {
    const call = (role: string, body: string) =>
      send('/console/api/campaigns/shown/draft', role, {
        method: 'PUT',
        body,
        headers: { ...script, 'content-type': 'application/yaml' },
      })
    expect((await call('viewer', 'id: shown')).status).toBe(403)
    expect((await call('operator', 'id: shown')).status).toBe(201)
    expect((await call('operator', 'x'.repeat(2 * 1024 * 1024))).status).toBe(413)
    expect((await call('operator', 'a\0b')).status).toBe(422)
    const users = await send('/console/api/users', 'operator', { headers: script })
    expect(users.status).toBe(403)
    expect(await users.json()).toMatchObject({ error: { code: 'forbidden' } })
  })

  it.each([
    ['without a session', 'nobody', script, 401],
    ['without the header of the scripts', 'operator', {}, 403],
    ['from another site', 'operator', { ...script, origin: 'https://evil.example' }, 403],
    [
      'from another site, of another type than a form',
      'operator',
      { ...script, origin: 'https://evil.example', 'content-type': 'application/json' },
      403,
    ],
    ['by its site alone', 'operator', { ...script, 'sec-fetch-site': 'cross-site' }, 403],
  ])('refuses a change %s', async (_, role, headers, status) => {
    const init = { method: 'POST', headers: headers as Record<string, string> }
    const response = await send('/console/api/campaigns/shown/pause', role, init)
    expect(response.status).toBe(status)
    expect((await api.call('GET', '/api/campaigns/shown')).body).toMatchObject({ state: 'live' })
  })

  it('says in the language of the reader what is wrong, where, and what to do', async () => {
    const refusal = async (language: string) => {
      const response = await send('/console/api/campaigns/preview', 'operator', {
        method: 'POST',
        body: JSON.stringify({ campaign: 'id: a\nname: A\nsteps: [{ id: s, after: 3x }]', events: [] }),
        headers: { ...script, 'content-type': 'application/json', 'accept-language': language },
      })
      expect(response.status).toBe(422)
      return (await response.json()) as { error: { code: string; issues: unknown[] } }
    }
    expect(await refusal('zh-CN')).toMatchObject({
      error: {
        code: 'refused',
        message: '活动还不能预演。',
        issues: [
          {
            path: 'entry',
            place: '入口',
            message: '还没有入口：有步骤的活动要选一个入口',
            hint: '粉丝怎样进入活动，可以是多种之一。',
          },
          { path: 'steps.0.after', place: '步骤 1 · 延迟', line: 3 },
          { path: 'steps.0.send', place: '步骤 1 · 消息' },
        ],
      },
    })
    expect(await refusal('en')).toMatchObject({
      error: {
        message: 'The campaign cannot be previewed.',
        issues: [{ place: 'Entry', message: 'is missing: steps need an entry' }, {}, {}],
      },
    })
  })

  it('answers 404 for a call that does not exist', async () => {
    const response = await send('/console/api/nothing', 'viewer', { headers: script })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not-found' } })
  })
})
