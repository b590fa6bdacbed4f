import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ApiHarness,
  campaignYaml,
  type ErrorBody,
  type Page,
  startApiHarness,
} from '../harness/api-harness.ts'
import { signInAs } from '../harness/console-session.ts'

const APP = 'wxlibrary00000001'
/** One transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

let api: ApiHarness
let cookies: Record<string, string> = {}
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP, name: '小鹿读书' })
  cookies = await signInAs(api, ['viewer', 'operator'])
})
afterAll(() => api?.close())

async function send(path: string, role: string, body?: FormData | URLSearchParams) {
  const headers = { cookie: cookies[role] ?? '', 'accept-language': 'zh-CN' }
  const response = await api.web.request(path, { headers, ...(body ? { method: 'POST', body } : {}) })
  return {
    status: response.status,
    to: response.headers.get('location'),
    headers: response.headers,
    html: await response.text(),
  }
}

function upload(content: Buffer, role: string, type = '') {
  const form = new FormData()
  form.set('file', new File([new Uint8Array(content)], '封面.png'))
  form.set('type', type)
  return send('/media', role, form)
}

interface Medium {
  id: string
  filename: string
  campaigns: string[]
  uploads: { appId: string; expiresAt: string }[]
}

describe('the library of media', () => {
  const media = async () => (await api.get<Page<Medium>>('/api/media')).body.items

  it('has what was uploaded, with its campaigns and its copies at WeChat', async () => {
    expect(await upload(PNG, 'operator')).toMatchObject({ status: 303, to: '/media' })
    const [medium] = await media()
    expect(medium).toMatchObject({
      filename: '封面.png',
      type: 'image',
      bytes: PNG.length,
      campaigns: [],
      uploads: [],
    })
    const step = `{ id: picture, after: 1s, since: entry, send: { image: { file: ${medium?.id} } } }`
    await api.put(campaignYaml('pictured', [step], [`accounts: [${APP}]`]))
    await api.app.simulator.account(APP).follow('oPicture')
    await api.app.waitForRun(APP, 'oPicture', (r) => r.state.steps[0]?.state === 'sent')
    const [used] = await media()
    expect(used?.campaigns).toEqual(['pictured'])
    expect(used?.uploads).toMatchObject([{ appId: APP, type: 'image' }])
    expect(Date.parse(used?.uploads[0]?.expiresAt ?? '') - Date.now()).toBeGreaterThan(2.9 * 86_400_000)
    const { html } = await send('/media', 'viewer')
    for (const shown of ['封面.png', 'href="/campaigns/pictured"', `${APP} 至`]) expect(html).toContain(shown)
    expect(html).not.toContain('action="/media"')
  })

  it('shows the file, and nothing that a browser would run', async () => {
    const [medium] = await media()
    const { status, headers } = await send(`/media/${medium?.id}/content`, 'viewer')
    expect([status, headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect((await send('/media/sha256-none/content', 'viewer')).status).toBe(404)
  })

  it('says beside the field what is wrong with a file', async () => {
    const wrong = await upload(Buffer.from('<script>alert(1)</script>'), 'operator')
    expect(wrong.status).toBe(422)
    expect(wrong.html).toContain('id="p-file"')
    const thumb = await upload(PNG, 'operator', 'thumb')
    expect(thumb.html).toMatch(/<option value="thumb" selected/)
    expect((await upload(Buffer.alloc(0), 'operator')).html).toContain('选一个文件')
    expect((await upload(Buffer.alloc(12 * 1024 * 1024), 'operator')).status).toBe(413)
    expect((await upload(PNG, 'viewer')).status).toBe(403)
  })

  it('is read page by page', async () => {
    for (const byte of [1, 2, 3]) await upload(Buffer.concat([PNG, Buffer.from([byte])]), 'operator')
    const ids: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page: Page<Medium> = (await api.get<Page<Medium>>(`/api/media?limit=2&cursor=${next}`)).body
      ids.push(...page.items.map(({ id }) => id))
      next = page.next
    }
    expect(ids).toHaveLength(4)
    expect(new Set(ids).size).toBe(4)
    expect((await api.call<ErrorBody>('GET', '/api/media?cursor=x')).status).toBe(422)
  })

  it('takes the largest file of WeChat: its form and its call count once for the sender', async () => {
    const largest = Buffer.alloc(10 * 1024 * 1024)
    largest.write('\0\0\0\x18ftypisom\0\0\x02\0isom', 'latin1')
    expect(await upload(largest, 'operator')).toMatchObject({ status: 303, to: '/media' })
    expect((await media())[0]).toMatchObject({ type: 'video', bytes: largest.length })
  })
})

describe('the QR codes', () => {
  const form = (fields: Record<string, string>) => new URLSearchParams({ appId: APP, ...fields })

  it('are made, drawn, and counted by the runs that they begin', async () => {
    const step = '{ id: hello, after: 1s, send: { text: 你好 } }'
    await api.put(campaignYaml('expo', [step], ['entry: { event: subscribe, qrScenes: ["expo*"] }']))
    const fields = { qrScene: 'expo-7', campaign: 'expo', expires: '30d' }
    const { status, to } = await send('/qrcodes', 'operator', form(fields))
    expect(status).toBe(303)
    await api.app.simulator.account(APP).follow('oExpo', { qrScene: 'expo-7' })
    await api.app.waitForRun(APP, 'oExpo', (r) => r.campaign === 'expo')
    const page = await send(to ?? '', 'viewer')
    for (const shown of ['小鹿读书', 'expo-7', '<svg', 'data-print']) expect(page.html).toContain(shown)
    const { body } = await api.get<Page<Record<string, unknown>>>(`/api/qrcodes?appId=${APP}`)
    expect(body.items).toMatchObject([
      { qrScene: 'expo-7', campaign: 'expo', entries: 1, createdBy: 'operator', appId: APP },
    ])
    expect((await api.get<Page<object>>('/api/qrcodes?appId=wxother')).body.items).toEqual([])
    const list = (await send('/qrcodes', 'viewer')).html
    expect(list).toContain('expo-7')
    expect(list).not.toContain('action="/qrcodes"')
  })

  it('keep what was typed, and say what is wrong', async () => {
    const wrong = await send(
      '/qrcodes',
      'operator',
      form({ qrScene: '大堂', campaign: 'expo', expires: '7d' }),
    )
    expect(wrong.status).toBe(422)
    for (const shown of ['value="大堂"', 'id="p-campaign"', '<option value="7d" selected'])
      expect(wrong.html).toContain(shown)
    expect((await send('/qrcodes', 'viewer', form({ qrScene: 'x' }))).status).toBe(403)
    expect((await send('/qrcodes/999', 'viewer')).status).toBe(404)
    expect((await send('/qrcodes/x', 'viewer')).status).toBe(404)
  })

  it('are gone with their account', async () => {
    const appId = 'wxlibrary00000002'
    await api.addAccount({ appId })
    await api.call('POST', '/api/qrcodes', { json: { appId, qrScene: 'gone' } })
    expect((await api.get<Page<object>>(`/api/qrcodes?appId=${appId}`)).body.items).toHaveLength(1)
    await api.call('DELETE', `/api/accounts/${appId}`)
    expect((await api.get<Page<object>>(`/api/qrcodes?appId=${appId}`)).body.items).toEqual([])
  })
})
