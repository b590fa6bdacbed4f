import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  type Page,
  type Published,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxlifecycle00001'
const OTHER = 'wxlifecycle00002'
const PAUSED = 'wxlifecycle00003'
const HINT = '{ id: hint, after: 20s, send: { text: 还在吗 } }'
const CODES = ['accounts: [wxlifecycle00001]']

interface Conflict {
  error: { code: string; message: string; expected: number; current: Record<string, unknown> | null }
}
interface Version {
  version: number
  publishedBy: string | null
  restoredFrom: number | null
  contentHash: string
  note: string | null
  isNewest: boolean
  activeRuns: number
}
interface Diff {
  from: number | 'draft'
  to: number | 'draft'
  same: boolean
  changes: { kind: string; id: string | null; field: string | null; text: { en: string; zh: string } }[]
}

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  for (const appId of [APP, OTHER, PAUSED]) await api.addAccount({ appId })
  await api.call('PATCH', `/api/accounts/${PAUSED}`, { json: { state: 'paused' } })
})
afterAll(() => api?.close())

const file = (id: string, steps: string[] = [HINT]) => campaignYaml(id, steps, CODES)
const putWith = <T>(id: string, raw: string, headers: Record<string, string>) =>
  api.call<T>('PUT', `/api/campaigns/${id}`, { raw, type: 'application/yaml', headers })
const post = <T>(path: string, json?: unknown, headers: Record<string, string> = {}) =>
  api.call<T>('POST', `/api/campaigns/${path}`, { ...(json === undefined ? {} : { json }), headers })
const saveDraft = <T>(id: string, raw: string, headers: Record<string, string> = {}) =>
  api.call<T>('PUT', `/api/campaigns/${id}/draft`, { raw, type: 'application/yaml', headers })
const versionsOf = async (id: string) =>
  (await api.get<Page<Version>>(`/api/campaigns/${id}/versions`)).body.items
const sourceOf = async (id: string) => (await api.get<{ source: string }>(`/api/campaigns/${id}`)).body.source

describe('the versions of a campaign', () => {
  it('have what their publishers say about them', async () => {
    const notes = async (id: string) => (await versionsOf(id)).map(({ note }) => note)
    const said = (note: string) => `noted?note=${encodeURIComponent(note)}`
    await putWith(said('第一版：开业活动'), file('noted'), {})
    await api.put(file('noted', [HINT, '{ id: more, after: 5m, send: { text: 再来 } }']))
    expect(await notes('noted')).toEqual([null, '第一版：开业活动'])
    // The content is the same, so the newest version gets the note.
    await putWith(said('加一步'), file('noted', [HINT, '{ id: more, after: 5m, send: { text: 再来 } }']), {})
    expect(await notes('noted')).toEqual(['加一步', '第一版：开业活动'])
    await post('noted/rollback', { version: 1, note: '太打扰' })
    await saveDraft('noted', file('noted', ['{ id: hint, after: 30s, send: { text: 还在吗 } }']))
    await post('noted/draft/publish?note=%20%20')
    expect(await notes('noted')).toEqual([null, '太打扰', '加一步', '第一版：开业活动'])
    const { body: detail } = await api.get<Version>('/api/campaigns/noted/versions/3')
    expect(detail).toMatchObject({ note: '太打扰', restoredFrom: 1 })
    const long = await putWith<ErrorBody>(said('长'.repeat(201)), file('noted'), {})
    expect([long.status, long.body.error.issues?.[0]?.path]).toEqual([422, 'note'])
  })

  it('have the hash of what they say: a comment makes no new version, and is kept', async () => {
    const first = file('hashes')
    expect(await api.put(first)).toMatchObject({ status: 201, body: { version: 1, unchanged: false } })
    const commented = `# for the autumn\n${first}`
    expect(await api.put(commented)).toMatchObject({ status: 200, body: { version: 1, unchanged: true } })
    expect(await sourceOf('hashes')).toBe(commented)
    expect(await api.put(first.replace('20s', '30s'))).toMatchObject({
      body: { version: 2, unchanged: false },
    })

    const [second, oldest] = await versionsOf('hashes')
    expect(second).toMatchObject({ version: 2, isNewest: true, publishedBy: 'admin-token', activeRuns: 0 })
    expect(oldest).toMatchObject({ version: 1, isNewest: false })
    expect(second?.contentHash).toMatch(/^sha256-[0-9a-f]{64}$/)
    expect(second?.contentHash).not.toBe(oldest?.contentHash)
    const shown = await api.get(`/api/campaigns/hashes/versions/1`)
    expect(shown).toMatchObject({
      status: 200,
      body: { version: 1, source: commented, broken: null, contentHash: oldest?.contentHash },
    })
    expect(await api.get('/api/campaigns/hashes/versions/9')).toMatchObject({ status: 404 })
    expect(await api.get('/api/campaigns/hashes/versions/x')).toMatchObject({ status: 422 })
  })

  it('are listed page by page', async () => {
    for (const seconds of [21, 22, 23]) await api.put(file('pages').replace('20s', `${seconds}s`))
    const first = await api.get<Page<Version>>('/api/campaigns/pages/versions?limit=2')
    expect(first.body.items.map((v) => v.version)).toEqual([3, 2])
    const next = await api.get<Page<Version>>(`/api/campaigns/pages/versions?cursor=${first.body.next}`)
    expect(next.body.items.map((v) => v.version)).toEqual([1])
    expect(next.body.next).toBeNull()
  })

  it('are compared in words', async () => {
    await api.put(file('compared'))
    await api.put(
      file('compared', [HINT.replace('20s', '30s'), '{ id: more, after: 1m, send: { text: hi } }']),
    )
    const { body } = await api.get<Diff>('/api/campaigns/compared/diff?from=1&to=2')
    expect(body).toMatchObject({ from: 1, to: 2, same: false })
    expect(body.changes.map((c) => c.text.en)).toEqual([
      'step hint: after changed from 20s to 30s',
      'step more: added after hint',
    ])
    expect(body.changes[0]?.text.zh).toBe('步骤 hint：after 由 20s 改为 30s')
    expect(await api.get('/api/campaigns/compared/diff?from=live&to=2')).toMatchObject({
      body: { from: 2, same: true, changes: [] },
    })
    expect(await api.get('/api/campaigns/compared/diff?from=1&to=7')).toMatchObject({ status: 404 })
    expect(await api.get('/api/campaigns/compared/diff?from=first')).toMatchObject({ status: 422 })
  })
})

describe('two operators who publish the same campaign', () => {
  it('do not overwrite each other unseen: 409 names both versions', async () => {
    await api.put(file('both'))
    const read = await api.get('/api/campaigns/both')
    expect(read.headers.get('etag')).toBe('"1"')
    const first = await putWith('both', file('both').replace('20s', '30s'), { 'if-match': '"1"' })
    expect(first).toMatchObject({ status: 200, body: { version: 2 } })
    const second = await putWith<Conflict>('both', file('both').replace('20s', '40s'), { 'if-match': '"1"' })
    expect(second.status).toBe(409)
    expect(second.body.error).toMatchObject({
      code: 'conflict',
      expected: 1,
      current: { version: 2, by: 'admin-token' },
    })
    expect(second.body.error.message).toContain('repeat the call with If-Match: "2"')
    expect(await sourceOf('both')).toContain('30s')
  })

  it('cannot both create it', async () => {
    const headers = { 'if-none-match': '*' }
    expect(await putWith('created', file('created'), headers)).toMatchObject({ status: 201 })
    expect(await putWith<Conflict>('created', file('created'), headers)).toMatchObject({
      status: 409,
      body: { error: { expected: 0, current: { version: 1 } } },
    })
  })

  it('get 422 for a header that is no version', async () => {
    const invalid: Record<string, string>[] = [{ 'if-match': 'abc' }, { 'if-none-match': '"1"' }]
    for (const headers of invalid)
      expect(await putWith('both', file('both'), headers)).toMatchObject({ status: 422 })
  })
})

describe('a rollback', () => {
  it('publishes the file of an old version as the newest one', async () => {
    await api.put(file('back'))
    await api.put(file('back').replace('20s', '30s'))
    expect(await post('back/rollback', { version: 1 }, { 'if-match': '"1"' })).toMatchObject({ status: 409 })
    expect(await post<Published>('back/rollback', { version: 1 })).toMatchObject({
      status: 200,
      body: { id: 'back', version: 3, unchanged: false },
    })
    expect(await sourceOf('back')).toBe(file('back'))
    const [newest, , oldest] = await versionsOf('back')
    expect(newest).toMatchObject({ version: 3, restoredFrom: 1 })
    expect(newest?.contentHash).toBe(oldest?.contentHash)
    expect(await post('back/rollback', { version: 1 })).toMatchObject({
      body: { version: 3, unchanged: true },
    })
    expect(await post('back/rollback', { version: 8 })).toMatchObject({ status: 404 })
    expect(await post('nothing/rollback', { version: 1 })).toMatchObject({ status: 404 })
    const audit = await api.get<Page<{ action: string; details: unknown }>>('/api/audit?limit=3')
    expect(audit.body.items).toContainEqual(
      expect.objectContaining({ action: 'campaign.rollback', details: { version: 3, restoredFrom: 1 } }),
    )
  })

  it('is refused when a medium of the old version is gone', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const form = new FormData()
    form.set('file', new File([png], 'a.png', { type: 'image/png' }))
    const { body } = await api.call<{ id: string }>('POST', '/api/media', { raw: form })
    await api.put(file('gone', [`{ id: hint, after: 20s, send: { image: { file: ${body.id} } } }`]))
    await api.put(file('gone'))
    await api.app.services.db.execute(`DELETE FROM media WHERE id = '${body.id}'`)
    const refused = await post<ErrorBody>('gone/rollback', { version: 1 })
    expect(refused.status).toBe(422)
    expect(refused.body.error.issues?.[0]?.path).toBe('steps.0.send.image.file')
    expect(await versionsOf('gone')).toHaveLength(2)
  })
})

describe('a draft', () => {
  const BROKEN = 'id: drafted # 还没写完\nsteps:\n  - { id: a, aftr: 5s'

  it('is saved with its errors and comments, checked on request, and serves nobody', async () => {
    expect(await saveDraft('drafted', BROKEN)).toMatchObject({
      status: 201,
      body: { id: 'drafted', revision: 1, baseVersion: null, savedBy: 'admin-token' },
    })
    const read = await api.get<{ source: string }>('/api/campaigns/drafted/draft')
    expect(read.body.source).toBe(BROKEN)
    expect(read.headers.get('etag')).toBe('"1"')
    const check = await api.get<{ ok: boolean; issues: unknown[] }>('/api/campaigns/drafted/draft/check')
    expect(check.body).toMatchObject({ ok: false, revision: 1 })
    expect(check.body.issues.length).toBeGreaterThan(0)
    expect(await api.get('/api/campaigns/drafted')).toMatchObject({ status: 404 })
    expect(await post('drafted/draft/publish')).toMatchObject({ status: 422 })
    const list = await api.get<Page<{ id: string }>>('/api/drafts')
    expect(list.body.items.map(({ id }) => id)).toContain('drafted')
  })

  it('is compared with the live version and published, and is then gone', async () => {
    await api.put(file('editing'))
    const text = `# 改了时间\n${file('editing').replace('20s', '45s')}`
    await saveDraft('editing', text)
    expect(await api.get('/api/campaigns/editing')).toMatchObject({
      body: { version: 1, draft: { revision: 1 } },
    })
    const { body } = await api.get<Diff>('/api/campaigns/editing/diff')
    expect(body).toMatchObject({ from: 1, to: 'draft' })
    expect(body.changes.map((c) => c.text.en)).toEqual(['step hint: after changed from 20s to 45s'])
    expect(await post('editing/draft/publish')).toMatchObject({ status: 200, body: { version: 2 } })
    expect(await sourceOf('editing')).toBe(text)
    expect(await api.get('/api/campaigns/editing/draft')).toMatchObject({ status: 404 })
    expect(await api.get('/api/campaigns/editing')).toMatchObject({ body: { draft: null } })
  })

  it('is not published over a version that somebody published meanwhile, and is then kept', async () => {
    await api.put(file('raced'))
    await saveDraft('raced', file('raced').replace('20s', '45s'))
    await api.put(file('raced').replace('20s', '50s'))
    expect(await post<Conflict>('raced/draft/publish')).toMatchObject({
      status: 409,
      body: { error: { expected: 1, current: { version: 2 } } },
    })
    expect(await api.get('/api/campaigns/raced/draft')).toMatchObject({ status: 200 })
    expect(await post('raced/draft/publish', undefined, { 'if-match': '"2"' })).toMatchObject({
      status: 200,
      body: { version: 3 },
    })
  })

  it('is not overwritten or deleted unseen', async () => {
    await saveDraft('shared', 'id: shared\n')
    expect(await saveDraft('shared', 'id: shared # two\n', { 'if-match': '"1"' })).toMatchObject({
      status: 200,
      body: { revision: 2 },
    })
    expect(await saveDraft<Conflict>('shared', 'id: shared # three\n', { 'if-match': '"1"' })).toMatchObject({
      status: 409,
      body: { error: { expected: 1, current: { revision: 2, by: 'admin-token' } } },
    })
    expect(await saveDraft('shared', 'x', { 'if-none-match': '*' })).toMatchObject({ status: 409 })
    const path = '/api/campaigns/shared/draft'
    expect(await api.call('DELETE', path, { headers: { 'if-match': '"1"' } })).toMatchObject({ status: 409 })
    expect(await api.call('DELETE', path, { headers: { 'if-match': '"2"' } })).toMatchObject({ status: 204 })
    expect(await api.call('DELETE', path)).toMatchObject({ status: 404 })
  })

  it('has an id as a campaign has, and at most 256 KiB', async () => {
    expect(await saveDraft('Not_An_Id', 'id: x')).toMatchObject({ status: 422 })
    expect(await saveDraft('large', `#${'x'.repeat(256 * 1024)}`)).toMatchObject({ status: 422 })
    expect(await saveDraft('nul', 'id: \u0000')).toMatchObject({ status: 422 })
  })
})

describe('a retired campaign', () => {
  const follower = (openId: string) => `/api/followers/${APP}/${openId}`

  it('lets nobody enter, and its runs continue to their end', async () => {
    const steps = [
      '{ id: first, after: 1s, send: { text: 一 } }',
      '{ id: second, after: 30s, send: { text: 二 } }',
    ]
    await api.put(campaignYaml('retiring', steps, [...CODES, 'priority: 50']))
    await api.app.simulator.account(APP).follow('oRetiring1')
    await api.waitForBody<FollowerBody>(follower('oRetiring1'), (f) => f.campaign === 'retiring')
    expect(await post('retiring/retire')).toMatchObject({
      status: 200,
      body: { state: 'retired', activeRuns: 1, ending: 0 },
    })
    const listed = async (query = '') =>
      (await api.get<Page<{ id: string }>>(`/api/campaigns?limit=200${query}`)).body.items.map(({ id }) => id)
    expect(await listed()).not.toContain('retiring')
    expect(await listed('&state=retired')).toEqual(['retiring'])
    expect(await listed('&state=all')).toContain('retiring')
    expect(await api.get('/api/campaigns/retiring')).toMatchObject({ body: { state: 'retired', version: 1 } })
    const entry = { json: { campaign: 'retiring' } }
    expect(await api.call('POST', `${follower('oRetiring1')}/enter`, entry)).toMatchObject({ status: 409 })
    for (const verb of ['pause', 'resume'])
      expect(await post<ErrorBody>(`retiring/${verb}`)).toMatchObject({
        status: 409,
        body: { error: { code: 'campaign-retired' } },
      })
    expect(await api.put(campaignYaml('retiring', steps, CODES))).toMatchObject({ status: 409 })

    // Ended by an explicit flag.
    expect(await post('retiring/retire?cancel=true')).toMatchObject({ body: { activeRuns: 1, ending: 1 } })
    const ended = await api.waitForBody<FollowerBody>(follower('oRetiring1'), (f) => f.status === 'ended')
    expect(ended).toMatchObject({ outcome: 'cancelled', reason: 'campaign retiring was retired' })
    const totals = await api.get('/api/campaigns/retiring/totals')
    expect(totals.status).toBe(200)
  })

  it('is restored as live, after the checks', async () => {
    await api.put(file('restored'))
    expect(await post('restored/restore')).toMatchObject({ status: 409 })
    await post('restored/retire')
    expect(await post('restored/restore')).toMatchObject({ status: 200, body: { state: 'live', version: 1 } })
    expect(await post('nothing/retire')).toMatchObject({ status: 404 })
    expect(await post('nothing/restore')).toMatchObject({ status: 404 })
    await post('restored/retire')
    expect(await api.call('DELETE', '/api/campaigns/restored')).toMatchObject({ status: 204 })
  })
})

describe('the accounts of a campaign', () => {
  interface Changed {
    version: number
    published: boolean
    accounts: { appId: string; takes: boolean; change: string; reasons: string[] }[]
  }

  it('get another one, with a report per account, and the rest of the file stays', async () => {
    const before = `# 注释\n${file('copied')}`
    await api.put(before)
    const checked = await post<Changed>('copied/accounts', { add: [OTHER], check: true })
    expect(checked.body).toMatchObject({ published: false, version: 1 })
    const { body } = await post<Changed>('copied/accounts', { add: [OTHER] })
    expect(body).toMatchObject({ published: true, version: 2 })
    expect(body.accounts.map((a) => [a.appId, a.change, a.takes])).toEqual([
      [APP, 'kept', true],
      [OTHER, 'added', true],
    ])
    expect(await sourceOf('copied')).toBe(before.replace(`[${APP}]`, `[${APP}, ${OTHER}]`))
    expect(await post('copied/accounts', { add: [OTHER] })).toMatchObject({ body: { published: false } })
    expect(await post<Changed>('copied/accounts', { remove: [APP] })).toMatchObject({ body: { version: 3 } })
  })

  it('do not get one that cannot run it, unless that is meant', async () => {
    await api.put(file('uncopied'))
    const refused = await post<ErrorBody>('uncopied/accounts', { add: [OTHER, PAUSED, 'wxnobody'] })
    expect(refused.status).toBe(422)
    expect(refused.body.error.issues).toEqual(
      [
        { path: 'add.2', message: 'wxnobody: it is not registered yet: add the account' },
        { path: 'add.1', message: expect.stringContaining(`${PAUSED}: it is paused`) },
      ].sort((a, b) => a.path.localeCompare(b.path)),
    )
    expect(await post('uncopied/accounts', { add: [PAUSED], force: true })).toMatchObject({
      status: 200,
      body: { published: true, version: 2 },
    })
  })

  it('are not changed where that has no meaning', async () => {
    await api.put(campaignYaml('everywhere', [HINT], ['priority: -9']))
    expect(await post('everywhere/accounts', { add: [OTHER] })).toMatchObject({ status: 422 })
    expect(await post('uncopied/accounts', { remove: [APP, PAUSED] })).toMatchObject({ status: 422 })
    expect(await post('uncopied/accounts', { remove: ['wxnever'] })).toMatchObject({ status: 422 })
    expect(await post('uncopied/accounts', { add: [OTHER] }, { 'if-match': '"1"' })).toMatchObject({
      status: 409,
    })
    await api.call('DELETE', '/api/campaigns/everywhere')
  })
})
