import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, type ApiHarness, startApiHarness } from '../harness/api-harness.ts'
import { PASSWORD, signIn } from '../harness/console-session.ts'

let api: ApiHarness
let admin = ''
beforeAll(async () => {
  api = await startApiHarness()
  admin = (await signIn(api.web, { token: ADMIN_TOKEN })) ?? ''
})
afterAll(() => api?.close())

async function get(path: string, cookie = admin, headers: Record<string, string> = {}) {
  const response = await api.web.request(path, {
    headers: { cookie, 'accept-language': 'zh-CN', ...headers },
  })
  return { status: response.status, html: await response.text() }
}
async function post(path: string, fields: Record<string, string> = {}, cookie = admin) {
  const response = await api.web.request(path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { cookie, 'accept-language': 'zh-CN' },
  })
  return { status: response.status, location: response.headers.get('location'), html: await response.text() }
}
const signInUser = (name: string, password: string) => signIn(api.web, { name, password })

describe('people', () => {
  it('are added, changed, disabled and removed in the console', async () => {
    const added = await post('/users', { name: 'Lin', role: 'viewer', password: PASSWORD })
    expect([added.status, added.location]).toEqual([303, '/users'])
    expect((await get('/users')).html).toContain('href="/users/lin"')
    expect(await signInUser('lin', PASSWORD)).not.toBeNull()
    expect((await post('/users/lin/role', { role: 'operator' })).status).toBe(303)
    const { body } = await api.get<{ items: { name: string; role: string }[] }>('/api/users')
    expect(body.items.find((u) => u.name === 'lin')?.role).toBe('operator')
    expect((await post('/users/lin/password', { password: `${PASSWORD}-2` })).status).toBe(303)
    expect(await signInUser('lin', PASSWORD)).toBeNull()
    const session = await signInUser('lin', `${PASSWORD}-2`)
    expect((await post('/users/lin/disable')).status).toBe(303)
    expect((await get('/', session ?? '')).status).toBe(302)
    expect((await get('/users/lin')).html).toContain('/users/lin/enable')
    expect((await post('/users/lin/enable')).status).toBe(303)
    expect((await post('/users/lin/remove')).location).toBe('/users')
    expect((await get('/users/lin')).status).toBe(404)
  })

  it('keep what was typed beside what is wrong with it, but not the password', async () => {
    const refused = await post('/users', { name: 'wang', role: 'operator', password: 'short' })
    expect(refused.status).toBe(422)
    expect(refused.html).toContain('value="wang"')
    expect(refused.html).toMatch(/<dialog id="add-user"[^>]*data-open/)
    expect(refused.html).toContain('aria-describedby="h-password p-password"')
    expect(refused.html).not.toContain('value="short"')
    await post('/users', { name: 'chen', role: 'viewer', password: PASSWORD })
    const twice = await post('/users', { name: 'chen', role: 'viewer', password: PASSWORD })
    expect(twice.status).toBe(422)
    expect(twice.html).toContain('id="p-name"')
    const role = await post('/users/chen/role', { role: 'emperor' })
    expect(role.status).toBe(422)
    expect(role.html).toContain('id="p-role"')
  })

  it('are not shown to others, who change nothing', async () => {
    await post('/users', { name: 'zhao', role: 'operator', password: PASSWORD })
    const operator = (await signInUser('zhao', PASSWORD)) ?? ''
    expect((await get('/users/zhao', operator)).status).toBe(403)
    expect((await post('/users/zhao/role', { role: 'admin' }, operator)).status).toBe(403)
    expect((await post('/tokens', { name: 'x', role: 'admin', expires: '' }, operator)).status).toBe(403)
  })

  it('have their language and appearance in every browser', async () => {
    await post('/users', { name: 'sun', role: 'viewer', password: PASSWORD })
    const first = (await signInUser('sun', PASSWORD)) ?? ''
    await post('/preferences?language=en&theme=dark&back=/', {}, first)
    const second = (await signInUser('sun', PASSWORD)) ?? ''
    expect((await get('/', second)).html).toMatch(/<html lang="en" data-theme="dark"/)
    await post('/preferences?language=zh&back=/', {}, second)
    expect((await get('/', first, { cookie: `${first}; nurture_language=en` })).html).toMatch(
      /<html lang="zh-CN" data-theme="dark"/,
    )
  })
})

describe('tokens', () => {
  it('are shown once, work, and are revoked', async () => {
    const created = await post('/tokens', { name: '每日报表', role: 'viewer', expires: '30d' })
    expect(created.status).toBe(200)
    const token = /data-copy="(fnt_[^"]+)"/.exec(created.html)?.[1] ?? ''
    const call = () => api.web.request('/api/accounts', { headers: { authorization: `Bearer ${token}` } })
    expect((await call()).status).toBe(200)
    const list = await get('/tokens')
    expect(list.html).not.toContain(token)
    const revoke = /action="(\/tokens\/tok_[0-9a-f]+\/revoke)"/.exec(list.html)?.[1] ?? ''
    expect((await post(revoke)).location).toBe('/tokens')
    expect((await call()).status).toBe(401)
    expect((await post(revoke)).status).toBe(404)
  })

  it('need a purpose', async () => {
    const refused = await post('/tokens', { name: ' ', role: 'viewer', expires: '90d' })
    expect(refused.status).toBe(422)
    expect(refused.html).toContain('id="p-name"')
  })
})

describe('two administrators with the page of one user', () => {
  const markOf = (html: string) => /name="seen" value="([^"]+)"/.exec(html)?.[1] ?? 'no mark'
  const roleOf = async (name: string) => {
    const { body } = await api.get<{ items: { name: string; role: string; disabledAt: string | null }[] }>(
      '/api/users',
    )
    return body.items.find((user) => user.name === name)
  }

  it('do not replace the change of the other unseen, and may after they have seen it', async () => {
    await post('/users', { name: 'wu', role: 'viewer', password: PASSWORD })
    const seen = markOf((await get('/users/wu')).html)
    expect((await post('/users/wu/role', { role: 'admin', seen })).status).toBe(303)
    const outdated = await post('/users/wu/role', { role: 'operator', seen })
    expect(outdated.status).toBe(409)
    expect(outdated.html).toContain('现在的角色是「管理员」，状态是「正常」')
    expect(outdated.html).toMatch(/<option value="operator" selected/)
    expect(await roleOf('wu')).toMatchObject({ role: 'admin' })
    expect((await post('/users/wu/role', { role: 'operator', seen: markOf(outdated.html) })).status).toBe(303)
    expect(await roleOf('wu')).toMatchObject({ role: 'operator' })
    // The same role once more changes nothing, so there is nothing to see first.
    expect((await post('/users/wu/role', { role: 'operator', seen })).status).toBe(303)
  })

  it('see that the user has been disabled, before another role', async () => {
    await post('/users', { name: 'zheng', role: 'viewer', password: PASSWORD })
    const seen = markOf((await get('/users/zheng')).html)
    await post('/users/zheng/disable')
    const outdated = await post('/users/zheng/role', { role: 'admin', seen })
    expect([outdated.status, outdated.html]).toEqual([409, expect.stringContaining('状态是「已停用」')])
  })

  it('do not enable a user who has got another role, but may always disable and set a password', async () => {
    await post('/users', { name: 'feng', role: 'viewer', password: PASSWORD })
    await post('/users/feng/disable')
    const seen = markOf((await get('/users/feng')).html)
    await post('/users/feng/role', { role: 'admin' })
    const outdated = await post('/users/feng/enable', { seen })
    expect([outdated.status, outdated.html]).toEqual([409, expect.stringContaining('再按一次「重新启用」')])
    expect((await roleOf('feng'))?.disabledAt).not.toBeNull()
    expect((await post('/users/feng/enable', { seen: markOf(outdated.html) })).status).toBe(303)
    expect((await roleOf('feng'))?.disabledAt).toBeNull()
    expect((await post('/users/feng/disable', { seen })).status).toBe(303)
    expect((await post('/users/feng/password', { password: `${PASSWORD}-2`, seen })).status).toBe(303)
  })
})

describe('the audit log', () => {
  it('is searched by who, what, of what and when', async () => {
    await post('/users', { name: 'qian', role: 'viewer', password: PASSWORD })
    await post('/users/qian/role', { role: 'operator' })
    const rows = async (query: string) => {
      const { status, html } = await get(`/audit?${query}`)
      expect(status).toBe(200)
      return html.split('<tr>').length - 2
    }
    expect(await rows('target=qian')).toBe(2)
    expect(await rows('target=qian&action=user.change')).toBe(1)
    expect(await rows('target=qian&actor=nobody')).toBeLessThan(1)
    expect(await rows('target=qian&from=2999-01-01')).toBeLessThan(1)
    expect(await rows('target=qian&to=2000-01-01')).toBeLessThan(1)
    expect(await rows('target=qian&from=not-a-day')).toBe(2)
    const items = async (query: string) =>
      (await api.get<{ items: unknown[] }>(`/api/audit?target=qian${query}`)).body.items.length
    expect(await items('')).toBe(2)
    expect(await items('&to=2000-01-01T00:00:00Z')).toBe(0)
    expect((await api.get('/api/audit?from=yesterday')).status).toBe(422)
  })
})

describe('the system page', () => {
  it('shows what an engineer looks at, and re-encrypts the secrets', async () => {
    const { status, html } = await get('/system')
    expect(status).toBe(200)
    for (const text of ['命名空间', '任务队列', '定时任务', '与微信的时钟差', '当前密钥', 'nurture', 'send'])
      expect(html).toContain(text)
    expect((await get('/system/state')).html).not.toContain('<html')
    expect((await post('/system/rotate-keys')).location).toBe('/system')
    expect((await get('/audit?action=key.rotate')).html).toContain('更换加密密钥')
  })

  it('has the same in the API', async () => {
    const { body } = await api.get<Record<string, unknown>>('/api/system')
    expect(body).toMatchObject({
      temporal: { state: 'expected' },
      queues: [
        { name: 'nurture', kind: 'workflow', workers: [{ identity: expect.any(String) }] },
        { name: 'send', kind: 'activity' },
      ],
      inbox: { pending: 0 },
      keys: { previous: [] },
    })
  })
})
