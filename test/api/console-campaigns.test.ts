import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleFiles, readGallery } from '../../src/console/campaigns/gallery.ts'
import { saveMedium } from '../../src/store/campaigns/media-store.ts'
import { type ApiHarness, campaignYaml, startApiHarness } from '../harness/api-harness.ts'
import { signInAs } from '../harness/console-session.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxcampaigns000001'
const SCRIPT = '<script>alert("x")</script>'
const STEP = '{ id: late, after: 2m, since: entry, send: { text: 晚了 } }'
let api: ApiHarness
let cookies: Record<string, string> = {}
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '活动号' })
  cookies = await signInAs(api, ['viewer', 'operator'])
})
afterAll(() => api?.close())

async function send(
  path: string,
  role = 'operator',
  body?: Record<string, string> | FormData | URLSearchParams,
) {
  const headers = { cookie: cookies[role] ?? '', 'accept-language': 'zh-CN' }
  const isForm = body instanceof FormData || body instanceof URLSearchParams || body === undefined
  const form = isForm ? body : new URLSearchParams(body)
  const init = body === undefined ? { headers } : { headers, method: 'POST', body: form ?? null }
  const response = await api.web.request(path, init)
  return {
    status: response.status,
    to: response.headers.get('location'),
    response,
    html: await response.text(),
  }
}
const file = (id: string) => campaignYaml(id, [STEP], [`accounts: [${APP}]`])
const saveDraft = (id: string, raw: string) =>
  api.call('PUT', `/api/campaigns/${id}/draft`, { raw, type: 'application/yaml' })
const draftOf = async (id: string) =>
  (await api.get<{ source: string; revision: number }>(`/api/campaigns/${id}/draft`)).body

describe('the list of campaigns', () => {
  it('leads to a new campaign while there is none', async () => {
    expect((await send('/campaigns')).html).toContain('href="/campaigns/new"')
    expect((await send('/campaigns', 'viewer')).html).not.toContain('/campaigns/new')
  })

  it('shows states, drafts and counts, and finds by state and name', async () => {
    await api.put(file('listed'))
    await api.put(file('resting'))
    await api.call('POST', '/api/campaigns/resting/pause')
    await saveDraft('listed', `# new\n${file('listed')}`)
    await saveDraft('begun', `name: '草稿${SCRIPT}'\nsteps: [`)
    await api.app.simulator.account(APP).follow('oListed')
    await api.app.waitForRun(APP, 'oListed', (r) => r.runId !== null)
    // Counts are at most ten seconds old.
    const isCounted = ({ html }: { html: string }) => html.includes('正在其中：1 位粉丝')
    const { html } = await waitFor(() => send('/campaigns'), { until: isCounted })
    expect(html).not.toContain(SCRIPT)
    for (const text of ['测试 listed', '有草稿', '已暂停', '1 个进行中']) expect(html).toContain(text)
    const ids = async (query: string) =>
      [...(await send(`/campaigns?${query}`)).html.matchAll(/<dialog id="manage-([^"]+)"/g)].map((m) => m[1])
    expect(await ids('')).toEqual(['begun', 'listed', 'resting'])
    expect(await ids('state=paused')).toEqual(['resting'])
    expect(await ids('state=draft')).toEqual(['begun', 'listed'])
    expect(await ids('find=RESTING')).toEqual(['resting'])
    expect(await ids('find=nothing')).toEqual([])
  })

  it('shows a viewer no change', async () => {
    const { html } = await send('/campaigns', 'viewer')
    expect(html).toContain('测试 listed')
    expect(html).not.toContain('<form method="post" action="/campaigns')
    expect((await send('/campaigns/new', 'viewer')).status).toBe(403)
    expect((await send('/campaigns/listed/retire', 'viewer', {})).status).toBe(403)
  })
})

describe('a whole campaign', () => {
  it('is retired with its runs, restored, and its draft deleted', async () => {
    await api.put(file('whole'))
    expect(await send('/campaigns/whole/retire', 'operator', { back: 'list' })).toMatchObject({
      status: 303,
      to: '/campaigns',
    })
    expect((await send('/campaigns?state=retired')).html).toContain('测试 whole')
    expect(await send('/campaigns/whole/restore', 'operator', {})).toMatchObject({ to: '/campaigns/whole' })
    await saveDraft('whole', 'id: whole')
    expect(await send('/campaigns/whole/delete-draft', 'operator', {})).toMatchObject({
      to: '/campaigns/whole',
    })
    expect((await api.get('/api/campaigns/whole/draft')).status).toBe(404)
    expect((await send('/campaigns/whole/delete-draft', 'operator', {})).status).toBe(404)
  })

  it('that is only a draft is gone with it', async () => {
    await saveDraft('only', 'id: only')
    expect(await send('/campaigns/only/delete-draft', 'operator', {})).toMatchObject({ to: '/campaigns' })
  })

  it('ends its runs when it is retired with them', async () => {
    await send('/campaigns/listed/retire', 'operator', { cancel: 'yes' })
    await api.app.waitForRun(APP, 'oListed', (r) => r.status === 'ended')
  })
})

describe('an uploaded picture of a step', () => {
  it('is named by its file on every page that names the step', async () => {
    const content = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1])
    const medium = {
      type: 'image',
      contentType: 'image/jpeg',
      filename: '场馆地图.jpg',
      content,
      createdAt: 0,
    }
    const { id } = await saveMedium(api.app.services.db, medium as never)
    const step = (more: string) =>
      `{ id: map, after: 1s, since: entry, send: { image: { file: ${id} } }${more} }`
    const source = (more = '') => campaignYaml('mapped', [step(more)], [`accounts: [${APP}]`])
    await api.put(source())
    await api.app.simulator.account(APP).follow('oMapped')
    const sent = (run: { state: { steps: readonly { id: string; state: string }[] } }) =>
      run.state.steps.some((s) => s.id === 'map' && s.state === 'sent')
    await api.app.waitForRun(APP, 'oMapped', sent)
    await saveDraft('mapped', source(', tag: [到场]'))
    const paths = ['', '/publish', '/versions', '/test', '/dry-run'].map((page) => `/campaigns/mapped${page}`)
    for (const path of [...paths, `/followers/${APP}/oMapped`, '/']) {
      const { status, html } = await send(path)
      expect([path, status]).toEqual([path, 200])
      const shown = html.replace(/<details.*?<\/details>/gs, '')
      expect(shown.includes(id), path).toBe(false)
      // The page of a dry run names steps when it was played.
      if (!path.endsWith('/dry-run')) expect(shown, path).toContain('图片：场馆地图.jpg')
    }
  })
})

describe('the check of a draft', () => {
  it('names places and forks by the words of the editor', async () => {
    const fork =
      '{ id: asked, wait: 10h, branches: [{ name: 是, on: { keywords: [是] }, steps: [] }], else: [{ id: bye, after: 99h, send: { text: 再见 } }] }'
    await saveDraft('worded', campaignYaml('worded', [STEP, fork], [`accounts: [${APP}]`]))
    const { html } = await send('/campaigns/worded/publish')
    const place = /<ul class="issues">.*?<\/ul>/s.exec(html)?.[0] ?? ''
    expect(place.replaceAll(/<[^>]+>/g, '')).toContain('第 3 步 再见 · 第 7 行')
    expect(place).toContain('<code translate="no">bye</code>')
    expect(place).not.toMatch(/步骤 \d|steps\.\d|其余粉丝 1/)
  })
})

describe('a new campaign', () => {
  it('has every example of the folder to choose from', () => {
    expect(
      readGallery()
        .map(({ file: name }) => name as string)
        .sort(),
    ).toEqual(exampleFiles().sort())
  })

  it('begins as a draft of an example, with its own name, id and account', async () => {
    const page = await send('/campaigns/new?from=01-lead-magnet')
    expect(page.html).toContain('value="lead-magnet"')
    const form = { from: '01-lead-magnet', name: '我的资料', id: 'handbook', account: APP }
    expect(await send('/campaigns/new', 'operator', form)).toMatchObject({
      status: 303,
      to: '/campaigns/handbook/edit',
    })
    const { source } = await draftOf('handbook')
    expect(source).toContain('\nid: handbook\nname: 我的资料\n')
    expect(source).toContain(`accounts: [${APP}]`)
    expect(source.startsWith('# 资料领取')).toBe(true)
    expect((await api.get('/api/campaigns/handbook/draft/check')).body).toMatchObject({ ok: true })
  })

  it.each([
    ['an id that is taken', { id: 'handbook' }, '可以用 handbook-2'],
    ['an id that WeChat accounts could have', { id: 'Mein Id' }, 'value="Mein Id"'],
    ['the address of a page', { id: 'new' }, '请换一个'],
    ['no name', { id: 'other', name: ' ' }, '还没有填写名称'],
  ])('is refused with %s, and keeps what was typed', async (_, typed, shown) => {
    const form = { from: 'empty', name: '名字', account: '', ...typed }
    const { status, html } = await send('/campaigns/new', 'operator', form)
    expect(status).toBe(422)
    expect(html).toContain(shown)
    expect(html).toContain('class="problem"')
  })

  it('gets an id from its name when none is typed', async () => {
    const form = { from: 'empty', name: 'Spring Sale', id: '', account: '' }
    expect((await send('/campaigns/new', 'operator', form)).to).toBe('/campaigns/spring-sale/edit')
    expect((await api.get('/api/campaigns/spring-sale/draft/check')).body).toMatchObject({ ok: true })
  })

  it('is imported from a file or a text, with all its errors, and replaces a draft only when told', async () => {
    const form = new FormData()
    form.set('file', new File(['id: brought\nname: 带来的\nsteps: [oops'], 'brought.yaml'))
    form.set('id', 'brought')
    expect(await send('/campaigns/import', 'operator', form)).toMatchObject({ to: '/campaigns/brought/edit' })
    expect((await draftOf('brought')).source).toContain('steps: [oops')
    const again = await send('/campaigns/import', 'operator', { source: file('brought'), id: '' })
    expect([again.status, again.html.includes('name="replace"')]).toEqual([422, true])
    expect(again.html).toContain('name: 测试 brought')
    const replaced = await send('/campaigns/import', 'operator', { source: file('brought'), replace: 'yes' })
    expect(replaced.status).toBe(303)
    expect((await draftOf('brought')).source).toBe(file('brought'))
    const big = { source: `id: big\n#${'x'.repeat(200_000)}` }
    expect((await send('/campaigns/import', 'operator', big)).status).toBe(303)
    for (const source of ['', 'name: 没有标识', `id: a\n#${'x'.repeat(300_000)}`])
      expect((await send('/campaigns/import', 'operator', { source })).status).toBe(422)
  })
})

describe('a file that is not UTF-8', () => {
  it('is not imported with its characters replaced: the form says how to save it', async () => {
    const form = new FormData()
    // `id: gbk`, `name: 测试` in GBK.
    const gbk = Buffer.from('69643a2067626b0a6e616d653a20b2e2cad40a', 'hex')
    form.set('file', new File([gbk], 'gbk.yaml'))
    form.set('id', 'gbk')
    const refused = await send('/campaigns/import', 'operator', form)
    expect([refused.status, refused.html.includes('name: 测试')]).toEqual([422, true])
    expect(refused.html).toMatch(/id="p-file"[\s\S]*不是 UTF-8 编码，像是 GBK/)
    expect(refused.html).toContain('value="gbk"')
  })
})

describe('the file of a campaign', () => {
  it('is downloaded as it was saved', async () => {
    await api.put(file('exported'))
    await saveDraft('exported', '# draft')
    const newest = await send('/campaigns/exported/file', 'viewer')
    expect(newest.html).toBe(file('exported'))
    expect(newest.response.headers.get('content-disposition')).toBe('attachment; filename="exported.yaml"')
    expect((await send('/campaigns/exported/file?version=draft', 'viewer')).html).toBe('# draft')
    expect((await send('/campaigns/exported/file?version=1', 'viewer')).html).toBe(file('exported'))
    for (const query of ['version=9', 'version=x', 'version=99999999999'])
      expect((await send(`/campaigns/exported/file?${query}`, 'viewer')).status).toBe(404)
    expect((await send('/campaigns/gone/file', 'viewer')).status).toBe(404)
  })
})

describe('the versions of a campaign', () => {
  const texts = (text: string) =>
    campaignYaml(
      'versioned',
      [`{ id: late, after: 2m, since: entry, send: { text: ${text} } }`],
      [`accounts: [${APP}]`],
    )

  it('are compared in words by step, and as files', async () => {
    await api.put(texts('今天读两页'))
    await api.put(texts('今天读三页'))
    await saveDraft('versioned', `# 注释\n${texts('明天读三页').replace('2m', '3m')}`)
    const older = await send('/campaigns/versioned/versions?compare=1..2', 'viewer')
    expect(older.html).toMatch(/第 1 步 .*今天读三页.*late.*<del>两<\/del><ins>三<\/ins>/s)
    expect(older.html).not.toContain('/versions/rollback')
    expect(older.html).toContain('?compare=1..2"')
    expect(older.html).toContain('?compare=2..1"')
    const draft = await send('/campaigns/versioned/versions')
    expect(draft.html).toContain('第 2 版 → 草稿')
    expect(draft.html).toMatch(/<del translate="no">2 分钟<\/del>.*<ins translate="no">3 分钟<\/ins>/s)
    const file = await send('/campaigns/versioned/versions?from=2&to=draft&view=text')
    expect(file.html).toContain('+ # 注释')
    for (const query of ['compare=9..2', 'compare=x', 'compare=2..2', 'before=1'])
      expect((await send(`/campaigns/versioned/versions?${query}`)).status).toBe(200)
    expect((await send('/campaigns/gone/versions')).status).toBe(404)
  })

  it('shows why a draft with errors cannot be compared in words, and compares its text', async () => {
    await saveDraft('versioned', `${texts('x')}  - { id: late }`)
    const words = await send('/campaigns/versioned/versions')
    expect(words.html).toContain('不能比较')
    expect(words.html).toContain('href="/campaigns/versioned/yaml#line-')
    const file = await send('/campaigns/versioned/versions?view=text')
    expect(file.html).toContain('+   - { id: late }')
  })

  it('can be the draft again, unless somebody has saved it meanwhile', async () => {
    const { revision } = await draftOf('versioned')
    const stale = { version: '1', newest: '2', revision: String(revision - 1) }
    expect((await send('/campaigns/versioned/versions/restore', 'operator', stale)).status).toBe(409)
    const form = { version: '1', newest: '2', revision: String(revision) }
    const made = await send('/campaigns/versioned/versions/restore', 'operator', form)
    expect(made.to).toBe('/campaigns/versioned/versions?compare=2..draft')
    expect((await draftOf('versioned')).source).toBe(texts('今天读两页'))
  })

  it('says what is wrong with a note when it is published again', async () => {
    await api.put(file('noted'))
    const note = '长'.repeat(300)
    const refused = await send('/campaigns/noted/versions/rollback', 'operator', {
      version: '1',
      newest: '1',
      note,
    })
    expect(refused.status).toBe(422)
    expect(refused.html).toMatch(/<li>[^<]*最多 200 个字<\/li>/)
  })

  it('can be published again, unless another one is the newest now', async () => {
    const stale = await send('/campaigns/versioned/versions/rollback', 'operator', {
      version: '1',
      newest: '1',
    })
    expect(stale.status).toBe(409)
    expect(stale.html).toContain('已经发布了第 2 版')
    const form = { version: '1', newest: '2' }
    const rolled = await send('/campaigns/versioned/versions/rollback', 'operator', form)
    expect(rolled.to).toBe('/campaigns/versioned/versions?compare=2..3')
    expect((await send('/campaigns/versioned/versions')).html).toContain('恢复自第 1 版')
    for (const role of ['viewer'])
      expect((await send('/campaigns/versioned/versions/rollback', role, form)).status).toBe(403)
  })
})

describe('the publication of a draft', () => {
  const yaml = (text: string) =>
    campaignYaml(
      'issued',
      [`{ id: late, after: 2m, since: entry, send: { text: ${text} } }`],
      ['priority: 9', `accounts: [${APP}]`],
    )
  const shown = async () => {
    const page = await send('/campaigns/issued/publish')
    const field = (name: string) => new RegExp(`name="${name}" value="(\\d+)"`).exec(page.html)?.[1] ?? ''
    return { page, form: { revision: field('revision'), version: field('version') } }
  }

  it('tells of errors, warnings and accounts, and is not offered with errors', async () => {
    await saveDraft('issued', yaml('你好').replace('since: entry', 'since: nothing'))
    const { page, form } = await shown()
    expect(page.html).toContain('1 个错误')
    expect(page.html).not.toContain('type="submit" class="main"')
    expect((await send('/campaigns/issued/publish', 'operator', form)).status).toBe(422)
  })

  it('is the first one of a new campaign, then a new version of it', async () => {
    await saveDraft('issued', yaml('你好'))
    const first = await shown()
    expect(first.page.html).toContain('这是第一次发布')
    expect(await send('/campaigns/issued/publish', 'operator', first.form)).toMatchObject({
      to: '/campaigns/issued',
    })
    await api.app.simulator.account(APP).follow('oIssued')
    await api.app.waitForRun(APP, 'oIssued', (r) => r.campaign === 'issued')
    await saveDraft('issued', yaml('您好'))
    const second = await shown()
    expect(second.page.html).toContain('正在其中的 1 位粉丝继续原来的版本')
    const form = { ...second.form, bodies: 'running' }
    expect((await send('/campaigns/issued/publish', 'operator', form)).status).toBe(303)
    expect((await api.app.services.campaigns.row('issued'))?.bodiesVersion).toBe(2)
  })

  it('shows both versions when somebody has published meanwhile', async () => {
    await saveDraft('issued', yaml('我的'))
    const { form } = await shown()
    await api.put(yaml('别人的'))
    const refused = await send('/campaigns/issued/publish', 'operator', { ...form, note: '换了文案' })
    expect(refused.status).toBe(409)
    expect(refused.html).toContain('value="换了文案"')
    expect(refused.html).toContain('管理令牌 已经发布了第 3 版')
    expect(refused.html).toContain('compare=2..3')
    expect(refused.html).toContain('compare=3..draft')
    expect(refused.html).toContain('仍然发布为第 4 版')
    const again = { ...(await shown()).form, note: '换了文案' }
    expect((await send('/campaigns/issued/publish', 'operator', again)).status).toBe(303)
    expect((await send('/campaigns/issued/versions')).html).toContain('换了文案')
  })

  it('refuses a draft that was saved again after it was shown', async () => {
    await saveDraft('issued', yaml('一'))
    const { form } = await shown()
    await saveDraft('issued', yaml('二'))
    const refused = await send('/campaigns/issued/publish', 'operator', form)
    expect([refused.status, refused.html.includes('管理令牌 刚刚又保存了草稿')]).toEqual([409, true])
  })

  it('tells that a paused campaign begins nothing, and which others it replaces', async () => {
    await api.put(campaignYaml('later', [STEP], [`accounts: [${APP}]`]))
    await saveDraft('issued', yaml('三'))
    expect((await shown()).page.html).toMatch(/以后粉丝进入这个活动.*测试 later/s)
    await api.call('POST', '/api/campaigns/issued/pause')
    const { html } = (await shown()).page
    expect([html.includes('活动已暂停，没有粉丝进入'), html.includes('立即生效')]).toEqual([true, false])
    expect(html).toContain('href="/campaigns/issued/edit"')
    await api.call('POST', '/api/campaigns/issued/resume')
  })

  it('is closed to viewers, and empty without a draft', async () => {
    expect((await send('/campaigns/issued/publish', 'viewer')).status).toBe(403)
    expect((await send('/campaigns/exported/publish')).status).toBe(200)
    expect((await send('/campaigns/gone/publish')).status).toBe(404)
  })
})

describe('trying a campaign', () => {
  const yaml = campaignYaml(
    'tried',
    ['{ id: gift, after: 0s, since: reply, send: { text: 试发的内容 } }'],
    [`accounts: [${APP}]`, 'priority: 20', 'reply: { text: 欢迎 }'],
  )
  const form = {
    version: 'live',
    account: APP,
    step: 'all',
    tester: 'oTester',
    openId: '',
    reply: '',
    key: '',
  }

  it('sends its messages to a tester with a grant, once for each form', async () => {
    await api.put(yaml)
    const wechat = api.app.simulator.account(APP)
    await wechat.follow('oTester')
    await wechat.type('oTester', '你好')
    const page = await waitFor(() => send('/campaigns/tried/test'), {
      until: ({ html }) => html.includes('value="oTester"'),
    })
    expect(page.html).toMatch(/value="gift".*第 \d 步 · 试发的内容/s)
    const key = /name="key" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const sent = await send('/campaigns/tried/test', 'operator', { ...form, key })
    expect(sent.html).toContain('<span class="pill green" title="sent">已发送</span>')
    const again = await send('/campaigns/tried/test', 'operator', { ...form, key })
    expect(again.html).toContain('没有重复发送')
    api.app.simulator.wechat.faults.add({ appId: APP, errcode: 45015, times: 1 })
    const late = await send('/campaigns/tried/test', 'operator', { ...form, key: `${key}-late` })
    expect(late.html).toMatch(/互动窗口已过：请试发对象先给公众号发一条消息.*<code translate="no">45015</s)
  })

  it('says in the reader’s language why a test is not possible, and keeps what was typed', async () => {
    const unknown = await send('/campaigns/tried/test', 'operator', {
      ...form,
      openId: 'oNobody',
      step: 'gift',
    })
    expect(unknown.status).toBe(422)
    expect(unknown.html).toContain('公众号没有这位粉丝')
    expect(unknown.html).toContain('value="oNobody"')
    const step = await send('/campaigns/tried/test', 'operator', { ...form, step: 'nothing' })
    expect([step.status, step.html.includes('p-step')]).toEqual([422, true])
    expect((await send('/campaigns/tried/test', 'viewer')).status).toBe(403)
    expect((await send('/campaigns/gone/test')).status).toBe(404)
  })

  it('shows the errors of a draft in place of the form', async () => {
    await saveDraft('tried', yaml.replace('since: reply', 'since: nothing'))
    expect((await send('/campaigns/tried/test')).html).toContain('草稿有错误')
    expect((await send('/campaigns/tried/test?version=live')).html).toContain('name="tester"')
  })

  it('plays recorded events, and compares them with what happened', async () => {
    const page = await send('/campaigns/tried/dry-run')
    const field = (name: string) =>
      new RegExp(`name="${name}"[^>]*value="([^"]+)"`).exec(page.html)?.[1] ?? ''
    expect(field('from')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/)
    const period = { version: 'live', account: APP, from: field('from'), to: field('to') }
    const played = await send('/campaigns/tried/dry-run', 'operator', period)
    expect(played.status).toBe(200)
    expect(played.html).toMatch(/\d+ 位粉丝，\d+ 个事件/)
    // How many followers really got the reply to the entry is not recorded: a dash, and no 0.
    const soon = new Date(Date.now() + 8 * 3_600_000 + 120_000).toISOString().slice(0, 16)
    const now = await send('/campaigns/tried/dry-run', 'operator', { ...period, to: soon })
    expect(now.html).toMatch(/即时回复(?:<[^>]+>)+[1-9]\d*(?:<[^>]+>)+–</)
    const bad = await send('/campaigns/tried/dry-run', 'operator', { ...period, from: '', to: 'x' })
    expect([bad.status, bad.html.includes('请填写开始和结束时间')]).toEqual([422, true])
    const old = await send('/campaigns/tried/dry-run', 'operator', { ...period, from: '2020-01-01T00:00' })
    expect([old.status, old.html.includes('p-from')]).toEqual([422, true])
    const draft = await send('/campaigns/tried/dry-run', 'operator', { ...period, version: 'draft' })
    expect([draft.status, draft.html.includes('/campaigns/tried/yaml#line-')]).toEqual([422, true])
  })
})

describe('the accounts of a campaign', () => {
  const OTHER = 'wxcampaigns000002'
  const RESTING = 'wxcampaigns000003'

  it('are added by name, with a warning about those that cannot run it, and removed', async () => {
    await api.addAccount({ appId: OTHER, name: '第二个号' })
    await api.addAccount({ appId: RESTING, name: '停用的号' })
    await api.call('PATCH', `/api/accounts/${RESTING}`, { json: { state: 'paused' } })
    await api.put(file('spread'))
    expect((await send('/campaigns/spread/accounts', 'viewer')).html).not.toContain(
      '<form method="post" action="/campaigns/spread',
    )
    const found = await send(`/campaigns/spread/accounts?find=${encodeURIComponent('第二')}`)
    expect([found.html.includes(`value="${OTHER}"`), found.html.includes(RESTING)]).toEqual([true, false])
    const body = new URLSearchParams([
      ['add', OTHER],
      ['add', RESTING],
      ['version', '1'],
    ])
    const refused = await send('/campaigns/spread/accounts', 'operator', body)
    expect(refused.status).toBe(422)
    expect(refused.html).toMatch(new RegExp(`value="${OTHER}" checked`))
    body.set('force', 'yes')
    expect(await send('/campaigns/spread/accounts', 'operator', body)).toMatchObject({ status: 303 })
    const version = await api.get<{ accounts: string[] }>('/api/campaigns/spread')
    expect(version.body.accounts).toEqual([APP, OTHER, RESTING])
    const remove = { remove: RESTING, version: '2' }
    expect((await send('/campaigns/spread/accounts', 'operator', remove)).status).toBe(303)
    expect((await send('/campaigns/spread/accounts', 'operator', { version: '3' })).status).toBe(422)
    expect((await send('/campaigns/spread/accounts', 'operator', remove)).status).toBe(409)
    const late = await send('/campaigns/spread/accounts', 'operator', { add: RESTING, version: '2' })
    expect(late.status).toBe(409)
    expect(late.html).toMatch(/role="alert"[\s\S]*别人刚刚改了活动/)
    expect(late.html).toMatch(new RegExp(`value="${RESTING}" checked`))
  })
})
