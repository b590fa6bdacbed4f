import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type FollowerBody,
  type Page,
  type Published,
  startApiHarness,
} from '../harness/api-harness.ts'

const APP = 'wxcampaigns00001'
const HINT = '{ id: hint, after: 20s, send: { text: 还在吗 } }'
const NOBODY = ['accounts: [wxnobody00000001]']

interface CampaignBody {
  id: string
  name: string
  version: number
  state: string
  accounts: string[] | null
  publishedAt: string
  source: string
  versions: { version: number; publishedAt: string }[]
}

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
})
afterAll(() => api?.close())

const putJson = (id: string, json: unknown) => api.call<Published>('PUT', `/api/campaigns/${id}`, { json })
const refusedPut = (id: string, raw: string): Promise<Answer<ErrorBody>> =>
  api.call('PUT', `/api/campaigns/${id}`, { raw, type: 'application/yaml' })
const follower = (openId: string) => `/api/followers/${APP}/${openId}`
const textsOf = (openId: string) =>
  api.app.simulator
    .account(APP)
    .sends.filter((s) => s.openId === openId)
    .map((s) => (s.body.text as { content: string } | undefined)?.content)

describe('a published campaign file', () => {
  it('gets 201 when new, keeps its version when unchanged, and gets a new version when changed', async () => {
    const first = campaignYaml('versions', [HINT], NOBODY)
    expect(await api.put(first)).toMatchObject({ status: 201, body: { id: 'versions', version: 1 } })
    expect(await api.put(first)).toMatchObject({ status: 200, body: { id: 'versions', version: 1 } })
    const second = first.replace('还在吗', '您还在吗')
    expect(await api.put(second)).toMatchObject({ status: 200, body: { id: 'versions', version: 2 } })

    const { body } = await api.get<CampaignBody>('/api/campaigns/versions')
    expect(body).toMatchObject({
      id: 'versions',
      name: '测试 versions',
      version: 2,
      state: 'live',
      accounts: ['wxnobody00000001'],
      source: second,
    })
    expect(body.versions.map((v) => v.version).sort()).toEqual([1, 2])
    expect(body.versions.map((v) => v.publishedAt)).toContain(body.publishedAt)
  })

  it('may be JSON as well', async () => {
    const file = {
      id: 'as-json',
      name: '用 JSON 写的',
      accounts: ['wxnobody00000001'],
      entry: { event: 'scan', qrScenes: ['expo*'] },
      steps: [{ id: 'a', after: '5s', send: { text: '你好' } }],
    }
    expect(await putJson('as-json', file)).toMatchObject({ status: 201, body: { id: 'as-json', version: 1 } })
    expect(await putJson('as-json', file)).toMatchObject({ status: 200, body: { version: 1 } })
    const { body } = await api.get<CampaignBody>('/api/campaigns/as-json')
    expect(JSON.parse(body.source)).toEqual(file)
    expect(await putJson('as-json', { ...file, steps: [] })).toMatchObject({ status: 422 })
  })

  it('may be the shipped example, with a warning that its account is not registered', async () => {
    const example = readFileSync(new URL('../../campaigns/welcome.yaml', import.meta.url), 'utf8')
    const { status, body } = await api.put(example)
    expect(status).toBe(201)
    expect(body.warnings.map((w) => w.path)).toEqual(['accounts.0'])
    const known = await api.put(example.replace('wxsimulated000001', APP).replace('id: welcome', 'id: known'))
    expect(known).toMatchObject({ status: 201, body: { warnings: [] } })
    for (const id of ['welcome', 'known']) await api.call('DELETE', `/api/campaigns/${id}`)
  })

  it('is published with a warning when a step will be held', async () => {
    const late = campaignYaml('too-late', ['{ id: later, after: 10m, send: { text: 晚了 } }'], NOBODY)
    const { status, body } = await api.put(late)
    expect(status).toBe(201)
    expect(body.warnings.map((w) => w.path)).toContain('steps.0.after')
  })

  it('is refused with all errors at once, each with path, line and column, and nothing is published', async () => {
    const broken = [
      'id: broken',
      'name: 坏的',
      'colour: red',
      'entry: { event: subscribed }',
      'steps:',
      '  - { id: a, after: 5 minutes, send: { text: 一 } }',
      '  - { id: a, after: 3d, since: entry, send: { text: 二 } }',
      '  - { id: c, after: 5s, send: { text: "{{ follower.name }}" } }',
      `  - { id: d, after: 5s, send: { text: "${'长'.repeat(700)}" } }`,
      '  - { id: e, after: 5s, send: { image: { file: sha256-0 } } }',
    ].join('\n')
    const { status, body } = await refusedPut('broken', broken)
    expect(status).toBe(422)
    const issues = body.error.issues ?? []
    const lineOf = (path: string) => issues.find((i) => i.path.startsWith(path))?.line
    expect(lineOf('colour')).toBe(3)
    expect(lineOf('entry.event')).toBe(4)
    expect(lineOf('steps.0.after')).toBe(6)
    expect(lineOf('steps.1')).toBe(7)
    expect(lineOf('steps.2.send.text')).toBe(8)
    expect(lineOf('steps.3.send.text')).toBe(9)
    expect(lineOf('steps.4.send.image')).toBe(10)
    expect(issues.every((i) => i.message.length > 0 && (i.column ?? 0) > 0)).toBe(true)
    expect((await api.get('/api/campaigns/broken')).status).toBe(404)
  })

  it('is refused with the line when it is not YAML', async () => {
    const { status, body } = await refusedPut('no-yaml', 'id: no-yaml\nsteps: [')
    expect(status).toBe(422)
    expect(body.error.issues?.[0]?.line).toEqual(expect.any(Number))
  })

  it('is refused under another id than its own', async () => {
    const { status, body } = await refusedPut('another', campaignYaml('other', [HINT], NOBODY))
    expect(status).toBe(422)
    expect(body.error.issues).toMatchObject([{ path: 'id' }])
    expect((await api.get('/api/campaigns/another')).status).toBe(404)
    expect((await api.get('/api/campaigns/other')).status).toBe(404)
  })

  it('keeps the live version when the next one is refused', async () => {
    await api.put(campaignYaml('careful', [HINT], NOBODY))
    expect((await refusedPut('careful', campaignYaml('careful', [], NOBODY))).status).toBe(422)
    expect((await api.get('/api/campaigns/careful')).body).toMatchObject({ version: 1, state: 'live' })
  })

  it('is refused with an unknown value of ?bodies=', async () => {
    const answer = await api.put(campaignYaml('bodies', [HINT], NOBODY), '?bodies=all')
    expect(answer.status).toBe(422)
    expect((await api.get('/api/campaigns/bodies')).status).toBe(404)
  })

  it('is live for new followers when answered', async () => {
    const wechat = api.app.simulator.account(APP)
    const file = campaignYaml('live', [HINT], [`accounts: [${APP}]`, 'reply: { text: 第一版 }'])
    await api.put(file)
    expect((await wechat.follow('oFirst')).passiveReply?.fields).toMatchObject({ Content: '第一版' })
    await api.put(file.replace('第一版', '第二版'))
    expect((await wechat.follow('oSecond')).passiveReply?.fields).toMatchObject({ Content: '第二版' })
    await api.app.waitForRun(APP, 'oFirst', (r) => r.version === 1)
    await api.app.waitForRun(APP, 'oSecond', (r) => r.version === 2)
    await api.call('DELETE', '/api/campaigns/live')
  })
})

describe('an active run whose campaign is published again', () => {
  const old = campaignYaml(
    'bodies',
    [
      '{ id: one, after: 20s, since: entry, send: { text: 旧的一 } }',
      '{ id: two, after: 30s, since: entry, send: { text: 旧的二 } }',
    ],
    [`accounts: [${APP}]`],
  )
  const republished = old
    .replace('旧的一', '新的一')
    .replace('旧的二', '新的二')
    .replace('after: 30s', 'after: 50s')

  it('sends the bodies of its own version', async () => {
    const wechat = api.app.simulator.account(APP)
    await api.put(old)
    await wechat.follow('oKeeps')
    await api.app.waitForRun(APP, 'oKeeps', (r) => r.runId !== null)
    await api.put(republished)
    await wechat.fastForward('oKeeps', 32_000)
    await api.app.waitForRun(APP, 'oKeeps', (r) => r.status === 'ended')
    expect(textsOf('oKeeps')).toEqual(['旧的一', '旧的二'])
    await api.call('DELETE', '/api/campaigns/bodies')
  })

  it('sends the new bodies after ?bodies=running, at the old times', async () => {
    const wechat = api.app.simulator.account(APP)
    await api.put(old)
    await wechat.follow('oFollowsOn')
    const began = await api.app.waitForRun(APP, 'oFollowsOn', (r) => r.runId !== null)
    const before = await api.get<FollowerBody>(follower('oFollowsOn'))
    const published = await api.put(republished, '?bodies=running')
    expect(published).toMatchObject({ status: 200, body: { version: began.version + 1 } })
    await wechat.fastForward('oFollowsOn', 32_000)
    await api.app.waitForRun(APP, 'oFollowsOn', (r) => r.status === 'ended')
    expect(textsOf('oFollowsOn')).toEqual(['新的一', '新的二'])
    const { body } = await api.get<FollowerBody>(follower('oFollowsOn'))
    expect(body.version).toBe(began.version)
    expect(body.steps.map((s) => s.dueAt)).toEqual(before.body.steps.map((s) => s.dueAt))
    await api.call('DELETE', '/api/campaigns/bodies')
  })

  it('keeps an old body where its plan lacks what the new body needs, and publishing warns', async () => {
    const wechat = api.app.simulator.account(APP)
    await api.put(old)
    await wechat.follow('oCannotFollow')
    await api.app.waitForRun(APP, 'oCannotFollow', (r) => r.runId !== null)
    const published = await api.put(
      republished.replace('新的一', '"标签：{{ follower.tags }}"'),
      '?bodies=running',
    )
    expect(published.body).toMatchObject({ warnings: [{ path: 'steps.0.send' }] })
    await wechat.fastForward('oCannotFollow', 32_000)
    await api.app.waitForRun(APP, 'oCannotFollow', (r) => r.status === 'ended')
    expect(textsOf('oCannotFollow')).toEqual(['旧的一', '新的二'])
    await api.call('DELETE', '/api/campaigns/bodies')
  })
})

describe('a campaign that is deleted', () => {
  it('starts no new runs, and active runs continue with their version', async () => {
    const wechat = api.app.simulator.account(APP)
    await api.put(campaignYaml('leaving', [HINT], [`accounts: [${APP}]`, 'reply: { text: 欢迎 }']))
    await wechat.follow('oInside')
    await api.app.waitForRun(APP, 'oInside', (r) => r.runId !== null)
    expect(await api.call('DELETE', '/api/campaigns/leaving')).toMatchObject({ status: 204, text: '' })
    expect((await wechat.follow('oTooLate')).passiveReply).toBeNull()

    await wechat.fastForward('oInside', 21_000)
    await api.app.waitForRun(APP, 'oInside', (r) => r.outcome === 'completed')
    expect(textsOf('oInside')).toEqual(['还在吗'])
    expect((await api.get(follower('oTooLate'))).status).toBe(404)

    for (const path of ['', '/pause', '/resume']) {
      const method = path === '' ? 'GET' : 'POST'
      expect((await api.call(method, `/api/campaigns/leaving${path}`)).status).toBe(404)
    }
    expect((await api.call('DELETE', '/api/campaigns/leaving')).status).toBe(404)
    const { body } = await api.get<Page<CampaignBody>>('/api/campaigns?limit=200')
    expect(body.items.map((c) => c.id)).not.toContain('leaving')
  })

  it('can be published again, with a higher version', async () => {
    const file = campaignYaml('phoenix', [HINT], NOBODY)
    await api.put(file)
    await api.call('DELETE', '/api/campaigns/phoenix')
    expect(await api.put(file)).toMatchObject({ status: 201, body: { version: 2 } })
  })
})

describe('a campaign that is paused', () => {
  it('accepts no new followers, holds due steps of active runs, and releases them when resumed', async () => {
    const wechat = api.app.simulator.account(APP)
    await api.put(campaignYaml('pausing', [HINT], [`accounts: [${APP}]`, 'reply: { text: 欢迎 }']))
    await wechat.follow('oHeld')
    await api.app.waitForRun(APP, 'oHeld', (r) => r.runId !== null)

    const paused = await api.call('POST', '/api/campaigns/pausing/pause')
    expect(paused).toMatchObject({ status: 200, body: { id: 'pausing', state: 'paused' } })
    expect((await api.get('/api/campaigns/pausing')).body).toMatchObject({ state: 'paused' })
    expect((await wechat.follow('oRefused')).passiveReply).toBeNull()

    const travel = wechat.fastForward('oHeld', 20_000)
    try {
      const held = await api.waitForBody<FollowerBody>(follower('oHeld'), (f) => f.steps[0]?.state === 'held')
      expect(held).toMatchObject({ status: 'active', steps: [{ reason: 'campaign-paused', sentAt: null }] })
      expect(textsOf('oHeld')).toEqual([])

      const resumed = await api.call('POST', '/api/campaigns/pausing/resume')
      expect(resumed).toMatchObject({ status: 200, body: { id: 'pausing', state: 'live' } })
      const sent = await api.waitForBody<FollowerBody>(follower('oHeld'), (f) => f.steps[0]?.state === 'sent')
      expect(sent.steps[0]?.sentAt).toEqual(expect.any(String))
    } finally {
      await travel
    }
    expect(textsOf('oHeld')).toEqual(['还在吗'])
    expect((await api.get(follower('oRefused'))).status).toBe(404)
    expect((await wechat.follow('oWelcome')).passiveReply?.fields).toMatchObject({ Content: '欢迎' })
    await api.call('DELETE', '/api/campaigns/pausing')
  })

  it('stays paused when a new version is published', async () => {
    const file = campaignYaml('sleeping', [HINT], NOBODY)
    await api.put(file)
    await api.call('POST', '/api/campaigns/sleeping/pause')
    expect(await api.put(file.replace('还在吗', '醒醒'))).toMatchObject({ status: 200, body: { version: 2 } })
    expect((await api.get('/api/campaigns/sleeping')).body).toMatchObject({ state: 'paused', version: 2 })
  })

  it('gets 404 when it was never published', async () => {
    expect((await api.get('/api/campaigns/nobody')).status).toBe(404)
    for (const verb of ['pause', 'resume']) {
      expect((await api.call('POST', `/api/campaigns/nobody/${verb}`)).status).toBe(404)
    }
    expect((await api.call('DELETE', '/api/campaigns/nobody')).status).toBe(404)
  })
})

describe('the list of campaigns', () => {
  it('is read page by page, with each campaign once', async () => {
    const ids = ['list-a', 'list-b', 'list-c']
    for (const id of ids) await api.put(campaignYaml(id, [HINT], NOBODY))
    const all = await api.get<Page<CampaignBody>>('/api/campaigns?limit=200')
    expect(all.body.next).toBeNull()
    const walked: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = `?limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`
      const { body }: Answer<Page<CampaignBody>> = await api.get(`/api/campaigns${query}`)
      expect(body.items.length).toBeLessThanOrEqual(2)
      walked.push(...body.items.map((c) => c.id))
      cursor = body.next
    }
    expect(walked).toEqual(all.body.items.map((c) => c.id))
    expect(walked).toEqual(expect.arrayContaining(ids))
    expect(new Set(walked).size).toBe(walked.length)
    const listed = all.body.items.find((c) => c.id === 'list-a')
    expect(listed).toMatchObject({ version: 1, state: 'live', accounts: ['wxnobody00000001'] })
    expect(new Date(listed?.publishedAt ?? 0).toISOString()).toBe(listed?.publishedAt)
  })

  it('shows null for a campaign of every account', async () => {
    await api.put(campaignYaml('everybody', [HINT], ['entry: { event: scan, qrScenes: [nowhere] }']))
    expect((await api.get('/api/campaigns/everybody')).body).toMatchObject({ accounts: null })
  })
})

describe('a preview', () => {
  interface Timeline {
    timeline: { at: string; step: string; state: string; grant: string | null; reason: string | null }[]
    warnings: { path: string; message: string }[]
  }
  const series = campaignYaml(
    'series',
    [
      '{ id: hint, after: 20s, since: entry, when: not-replied, send: { text: 还在吗 } }',
      '{ id: gift, after: 0s, since: reply, send: { text: 资料 } }',
      '{ id: next, after: 5m, since: previous, send: { text: 看了吗 } }',
    ],
    NOBODY,
  )
  const preview = (json: object) => api.call<Timeline>('POST', '/api/campaigns/preview', { json })
  const lines = ({ body }: Answer<Timeline>) =>
    body.timeline.map((l) => [l.at, l.step, l.state, l.grant ?? l.reason])

  it('has the time and the grant of each step, and stores nothing', async () => {
    const replying = await preview({ campaign: series, events: [{ at: '40s', do: 'reply' }] })
    expect(replying.status).toBe(200)
    expect(lines(replying)).toEqual([
      ['20s', 'hint', 'sent', 'subscribe'],
      ['40s', 'gift', 'sent', 'subscribe'],
      ['5m40s', 'next', 'sent', 'message'],
    ])
    expect((await api.get('/api/campaigns/series')).status).toBe(404)
  })

  it('covers a follower who replies at once, a silent one, and one who unfollows', async () => {
    const quick = await preview({ campaign: series, events: [{ at: '5s', do: 'reply' }] })
    expect(lines(quick)[0]).toEqual(['5s', 'hint', 'skipped', 'replied'])
    const silent = await preview({ campaign: series, events: [] })
    expect(lines(silent)).toEqual([
      ['20s', 'hint', 'sent', 'subscribe'],
      ['48h', 'gift', 'skipped', 'no-reply'],
      ['48h', 'next', 'skipped', 'no-reply'],
    ])
    const leaving = await preview({ campaign: series, events: [{ at: '10s', do: 'unfollow' }] })
    expect(leaving.body.timeline.every((l) => l.state === 'skipped')).toBe(true)
  })

  it('uses the given rules profile, and warns where it holds a step', async () => {
    const late = campaignYaml('late', ['{ id: later, after: 10m, send: { text: 晚了 } }'], NOBODY)
    const strict = await preview({ campaign: late, rules: 'wechat-2023', events: [] })
    expect(lines(strict)[0]).toEqual(['10m', 'later', 'held', 'no-grant'])
    expect(strict.body.warnings.map((w) => w.path)).toContain('steps.0.after')
    const classic = await preview({ campaign: late, rules: 'classic-48h', events: [] })
    expect(lines(classic)).toEqual([['10m', 'later', 'sent', 'subscribe']])
    expect(classic.body.warnings).toEqual([])
  })

  it('accepts the file as an object, and the id of a published campaign', async () => {
    const file = {
      id: 'object',
      name: '对象',
      entry: { event: 'subscribe' },
      steps: [{ id: 'a', after: '5s', send: { text: '你好' } }],
    }
    expect(lines(await preview({ campaign: file, events: [] }))).toEqual([['5s', 'a', 'sent', 'subscribe']])
    await api.put(campaignYaml('published', [HINT], NOBODY))
    expect(lines(await preview({ campaign: 'published', events: [] }))[0]?.[1]).toBe('hint')
    expect((await preview({ campaign: 'not-published', events: [] })).status).toBe(404)
  })

  it.each([
    ['a broken campaign', { campaign: 'id: x\nsteps: []', events: [] }, 'steps'],
    ['an unknown event', { campaign: series, events: [{ at: '5s', do: 'dance' }] }, 'events.0.do'],
    ['an event without a time', { campaign: series, events: [{ at: 'soon', do: 'reply' }] }, 'events.0.at'],
    ['an unknown rules profile', { campaign: series, rules: 'none', events: [] }, 'rules'],
    ['an unknown field', { campaign: series, events: [], speed: 2 }, 'speed'],
    [
      'an unknown field of an event',
      { campaign: series, events: [{ at: '5s', do: 'reply', say: 'hi' }] },
      'events.0.say',
    ],
  ])('refuses %s, with its path', async (_, json, path) => {
    const { status, body } = await api.call<ErrorBody>('POST', '/api/campaigns/preview', { json })
    expect(status).toBe(422)
    expect(body.error.issues?.map((i) => i.path)).toContain(path)
  })
})

describe('a campaign for many accounts', () => {
  const BARRED = 'wxbarred00000001'
  const NEW = 'wxbarred00000002'
  const both = [`accounts: [${APP}, ${BARRED}, ${NEW}]`]
  const accountsOf = (query = '') =>
    api.get<Page<{ appId: string; name: string | null; takes: boolean; reasons: string[] }>>(
      `/api/campaigns/many/accounts${query}`,
    )

  it('is live for eligible accounts, and names the others with the reason', async () => {
    await api.addAccount({ appId: BARRED, name: '停用店' })
    const { accounts } = api.app.services
    await accounts.setState(BARRED, 'paused', 'paused by operator')
    await accounts.recordRefusedKind(BARRED, 'text')
    await accounts.recordRefusedKind(BARRED, 'text')
    await accounts.recordRefusedKind(BARRED, 'card')
    const { status, body } = await api.put(campaignYaml('many', [HINT], both))
    expect(status).toBe(201)
    expect(body.warnings.map((w) => w.path)).toEqual(['accounts.2', 'accounts.1'])
    expect(body.warnings[1]?.message).toMatch(
      /account wxbarred00000001 \(停用店\).*paused by operator.*refused text messages/,
    )
    expect(body.warnings[1]?.message).not.toContain('card')
    const listed = await accountsOf()
    expect(listed.body.items.map((a) => [a.appId, a.name, a.takes, a.reasons.length])).toEqual([
      [BARRED, '停用店', false, 2],
      [NEW, null, false, 1],
      [APP, expect.any(String), true, 0],
    ])
    const first = await accountsOf('?limit=2')
    const rest = await accountsOf(`?limit=2&cursor=${first.body.next}`)
    expect([...first.body.items, ...rest.body.items]).toEqual(listed.body.items)
    expect(rest.body.next).toBeNull()
    await accounts.recordAcceptedKind(BARRED, 'text')
    expect((await accounts.find(BARRED))?.refusedKinds).toEqual(['card'])
  })

  it('warns of an account that is not certified, or lacks the permission for messages', async () => {
    const { accounts } = api.app.services
    const given = {
      ...{ appId: NEW, name: '授权店', refreshToken: 'r', permissions: [2], verified: false },
      ...{ state: 'active' as const, stateReason: null, authorisedAt: 0, isNewest: true },
    }
    await accounts.authorise(given)
    const reasons = async () => (await accountsOf()).body.items.find((a) => a.appId === NEW)?.reasons ?? []
    expect(await reasons()).toMatchObject([
      expect.stringContaining('消息管理'),
      expect.stringContaining('certified'),
    ])
    await accounts.authorise({ ...given, permissions: [1], verified: null })
    expect(await reasons()).toMatchObject([expect.stringContaining('certified')])
    await accounts.clearRefusals(NEW)
    expect(await reasons()).toEqual([])
    await accounts.authorise({ ...given, permissions: [1], verified: true })
    await accounts.clearRefusals(NEW)
    expect((await accounts.find(NEW))?.verified).toBe(true)
  })

  it('accepts only template variables that at least one of its accounts has', async () => {
    const step = '{ id: a, after: 5s, send: { text: "{{ account.city }}" } }'
    const file = campaignYaml('local', [step], [`accounts: [${APP}, ${BARRED}]`])
    expect(await refusedPut('local', file)).toMatchObject({
      status: 422,
      body: { error: { issues: [{ path: 'steps.0.send.text' }] } },
    })
    await api.call('PATCH', `/api/accounts/${APP}`, { json: { variables: { city: '上海' } } })
    const { status, body } = await api.put(file)
    expect(status).toBe(201)
    expect(body.warnings[0]).toMatchObject({
      path: 'steps.0.send.text',
      message: expect.stringContaining(BARRED),
    })
    for (const id of ['many', 'local']) await api.call('DELETE', `/api/campaigns/${id}`)
  })

  it('gets 404 when it does not exist', async () => {
    expect((await api.get('/api/campaigns/nothing/accounts')).status).toBe(404)
  })
})

describe('the totals of a campaign', () => {
  it('count its runs by outcome and its steps by state, and stay when the campaign is deleted', async () => {
    const wechat = api.app.simulator.account(APP)
    await api.put(campaignYaml('counted', [HINT], [`accounts: [${APP}]`, 'priority: 99']))
    const totals = () => api.get<{ items: unknown[] }>('/api/campaigns/counted/totals')
    await wechat.follow('oCounted')
    await api.app.waitForRun(APP, 'oCounted', (r) => r.runId !== null)
    await wechat.fastForward('oCounted', 21_000)
    await api.app.waitForRun(APP, 'oCounted', (r) => r.outcome === 'completed')
    await api.call('DELETE', '/api/campaigns/counted')
    const counted = { version: 1, runs: { completed: 1 }, steps: { hint: { sent: 1 } } }
    await expect.poll(async () => (await totals()).body.items).toEqual([counted])
  })

  it('get 404 when it was never published', async () => {
    expect((await api.get('/api/campaigns/nothing/totals')).status).toBe(404)
  })
})

describe('the statistics of a campaign', () => {
  it('count a run, its day, its scene and its steps', async () => {
    const wechat = api.app.simulator.account(APP)
    const entry = 'entry: { event: subscribe, qrScenes: [stat-*] }'
    const file = campaignYaml('stats', [HINT], [`accounts: [${APP}]`, 'priority: 99'])
    await api.put(file.replace(/^entry:.*$/m, entry))
    await wechat.follow('oStats', { qrScene: 'stat-hall-a' })
    await api.app.waitForRun(APP, 'oStats', (r) => r.runId !== null)
    await wechat.fastForward('oStats', 21_000)
    await api.app.waitForRun(APP, 'oStats', (r) => r.outcome === 'completed')
    const { body } = await api.get<Record<string, unknown>>('/api/campaigns/stats/statistics')
    const group = { entered: 1, replied: 0, goals: 0, value: 0, unfollowed: 0 }
    const day = expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/)
    expect(body).toMatchObject({
      countedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      runs: { ...group, active: 0, ended: { completed: 1 }, uncounted: 0 },
      steps: [{ step: 'hint', due: 1, sent: 1, skipped: {} }],
      days: [{ day, ...group }],
      scenes: [{ scene: 'stat-*', ...group }],
    })
    const none = await api.get<{ runs: unknown }>('/api/campaigns/stats/statistics?to=2020-01-01')
    expect(none.body.runs).toMatchObject({ entered: 0 })
    await api.call('DELETE', '/api/campaigns/stats')
  })

  it.each([
    ['from=2026-13-01', 'from'],
    ['from=2026-11-30&to=2026-11-29', 'to'],
    ['version=0', 'version'],
    ['limit=5', 'limit'],
  ])('refuse ?%s', async (query, path) => {
    expect(await api.get(`/api/campaigns/stats/statistics?${query}`)).toMatchObject({
      status: 422,
      body: { error: { issues: [{ path }] } },
    })
  })

  it('get 404 when it was never published', async () => {
    expect((await api.get('/api/campaigns/nothing/statistics')).status).toBe(404)
  })
})
