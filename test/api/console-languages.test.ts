import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bulkJobs } from '../../src/store/schema.ts'
import { type ApiHarness, campaignYaml, startApiHarness } from '../harness/api-harness.ts'
import { signInAs } from '../harness/console-session.ts'

const APP = 'wxlanguages000001'
const HAN = /\p{Script=Han}/u
/** Names of things that have no Chinese name. */
const SAME_IN_CHINESE = [
  ...['AppID', 'AppSecret', 'EncodingAESKey', 'Token', 'wechat-2023', 'classic-48h'],
  ...['Temporal', 'API', 'id', 'Webhook', 'YAML'],
]

let api: ApiHarness
let cookies: Record<string, string> = {}
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '语言 Languages' })
  const step = '{ id: late, after: 2m, since: entry, send: { text: 晚了 } }'
  await api.put(campaignYaml('shown', [step], [`accounts: [${APP}]`]))
  await api.app.simulator.account(APP).follow('oShown')
  await api.app.waitForRun(APP, 'oShown', (r) => r.runId !== null)
  await api.app.services.accounts.setState(APP, 'blocked', '48004 api forbidden')
  cookies = await signInAs(api, ['viewer', 'operator', 'admin'])
  const selection = { campaign: 'shown', status: 'active', closing: 24 }
  const counts = { total: 9, done: 3, ended: 2, failed: 1 }
  const job = { id: 'shown', action: 'cancel', state: 'stopped', selection, reason: '测试 test' } as const
  const times = { createdBy: 'admin', createdAt: Date.now(), endedAt: Date.now() }
  await api.app.services.db.insert(bulkJobs).values({ ...job, ...counts, ...times })
})
afterAll(() => api?.close())

async function page(path: string, language: string, role = 'admin'): Promise<string> {
  const headers = { cookie: cookies[role] ?? '', 'accept-language': language }
  return (await api.web.request(path, { headers })).text()
}

/** The texts of a page and of its attributes, without what nobody translates. */
function textsOf(html: string): string[] {
  const own = html
    .replace(/<form method="post" action="\/preferences[^>]*>.*?<\/form>/gs, '')
    .replace(/<(\w+)[^>]*translate="no"[^>]*>.*?<\/\1>/gs, '')
    .replace(/<h1>(?:语言|测试).*?<\/h1>|<title>[^<]*(?:shown|语言)[^<]*<\/title>/gs, '')
  const attributes = [...own.matchAll(/(?:aria-label|placeholder)="([^"]*)"/g)].map((m) => m[1] ?? '')
  return [...own.replace(/<[^>]*>/g, '\n').split('\n'), ...attributes].map((t) => t.trim()).filter(Boolean)
}

const PAGES = [
  '/signin',
  '/',
  '/accounts',
  `/accounts/${APP}`,
  `/accounts/${APP}/settings`,
  `/accounts/${APP}/menu`,
  `/accounts/${APP}/connect`,
  '/accounts/new',
  '/qrcodes',
  '/media',
  '/campaigns',
  '/campaigns/new',
  '/campaigns/new?from=course',
  '/campaigns/new?from=import',
  '/campaigns/shown/versions',
  '/campaigns/shown/publish',
  '/campaigns/shown/edit',
  '/campaigns/shown/yaml',
  '/campaigns/shown/accounts',
  '/campaigns/shown/test',
  '/campaigns/shown/dry-run',
  '/campaigns/shown',
  '/followers',
  '/bulk-jobs',
  '/bulk-jobs/shown',
  `/followers/${APP}/oShown`,
  '/users',
  '/tokens',
  '/audit',
  '/system',
  '/start',
  '/account/second-factor',
  '/no/such/page',
]

describe('every page is in one language', () => {
  it.each(PAGES)('%s has no Chinese in English', async (path) => {
    const texts = textsOf(await page(path, 'en'))
    expect(texts.length).toBeGreaterThan(3)
    expect(texts.filter((text) => HAN.test(text))).toEqual([])
  })

  it.each(PAGES)('%s has no English in Chinese', async (path) => {
    const texts = textsOf(await page(path, 'zh-CN'))
    expect(texts.length).toBeGreaterThan(3)
    const isEnglish = (text: string) => {
      const rest = SAME_IN_CHINESE.reduce((left, name) => left.replaceAll(name, ''), text)
      return /[a-z]{2}/i.test(rest) && !HAN.test(text)
    }
    expect(texts.filter(isEnglish)).toEqual([])
  })

  it('is Chinese when the browser asks for neither', async () => {
    expect(await page('/accounts', 'de-DE,de;q=0.9')).toContain('<html lang="zh-CN"')
    expect(await page('/accounts', 'de,en;q=0.5')).toContain('<html lang="en"')
  })
})

describe('preferences', () => {
  const change = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    Promise.resolve(
      api.web.request(`/preferences?${new URLSearchParams(fields)}`, { method: 'POST', headers }),
    )
  /** The preferences that a browser keeps. */
  const kept = (response: Response) =>
    response.headers
      .getSetCookie()
      .map((c) => c.split(';')[0])
      .join('; ')

  it('are kept by the browser, before and after signing in', async () => {
    const response = await change({ language: 'en', theme: 'dark', back: '/followers?status=ended' })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/followers?status=ended'])
    const cookie = `${cookies.viewer}; ${kept(response)}`
    for (const path of ['/signin', '/accounts']) {
      const html = await (
        await api.web.request(path, { headers: { cookie, 'accept-language': 'zh' } })
      ).text()
      expect(html).toContain('<html lang="en" data-theme="dark"')
    }
  })

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '', '/a b'])(
    'never lead to %j',
    async (back) => {
      expect((await change({ language: 'en', back })).headers.get('location')).toBe('/')
    },
  )

  it('ignore unknown values', async () => {
    const response = await change({ language: 'fr', theme: '"><script>' })
    expect(response.headers.getSetCookie()).toEqual([])
    const headers = { cookie: 'nurture_language=fr; nurture_theme=x' }
    expect(await (await api.web.request('/signin', { headers })).text()).toContain('<html lang="zh-CN">')
  })

  it('are refused from another site, and not changed by GET', async () => {
    expect((await change({ language: 'en' }, { origin: 'https://evil.example' })).status).toBe(403)
    const headers = { cookie: cookies.viewer ?? '' }
    const response = await api.web.request('/preferences?language=en', { headers })
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('the navigation', () => {
  it.each([
    ['viewer', false],
    ['operator', false],
    ['admin', true],
  ])('shows a %s only pages that the role may open', async (role, seesAdminPages) => {
    const html = await page('/accounts', 'en', role)
    const paths = [...html.matchAll(/<a href="(\/[a-z-]+)"/g)].map((m) => m[1] ?? '')
    expect(paths.includes('/audit')).toBe(seesAdminPages)
    for (const path of new Set(paths)) {
      const headers = { cookie: cookies[role] ?? '' }
      expect([path, (await api.web.request(path, { headers })).status]).toEqual([path, 200])
    }
  })
})
