import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openCallback } from '../../wechat/callback/envelope.ts'
import { type PassiveReply, renderReply } from '../../wechat/callback/passive-reply.ts'
import { type AccountOptions, newAccount } from '../state/model.ts'
import { envelope, type Fields } from './envelope.ts'
import { Pusher, type PushSettings } from './push.ts'

const APP = 'wxtest0000000001'
const GH = 'gh_test00000001'
const AES_KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const NOW = Date.parse('2026-11-23T08:00:00Z')
const FIELDS: Fields = {
  ToUserName: GH,
  FromUserName: 'oTest',
  CreateTime: NOW / 1000,
  MsgType: 'text',
  Content: '你好 ]]> <&>',
  MsgId: '9007199254740993001',
}

const EVERY_WAY = (['plain', 'compatible', 'security'] as const).flatMap((mode) =>
  (['xml', 'json'] as const).map((format) => ({ mode, format })),
)

function account(more: Partial<AccountOptions> = {}) {
  return newAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    encodingAesKey: AES_KEY,
    mode: 'plain',
    originalId: GH,
    callbackUrl: 'http://callback.invalid/wechat',
    ...more,
  })
}
type Account = ReturnType<typeof account>

interface Delivery {
  query: Record<string, string>
  body: string
}

/** WeChat with a settable clock, and a callback server that answers the n-th delivery with `answer(n)`. */
function pushing(
  answer: (n: number, delivery: Delivery) => string | Response | Promise<Response>,
  settings: Partial<PushSettings> = {},
) {
  const deliveries: Delivery[] = []
  vi.stubGlobal('fetch', async (url: string, init: { body: string }) => {
    const delivery = { query: Object.fromEntries(new URL(url).searchParams), body: init.body }
    deliveries.push(delivery)
    const answered = await answer(deliveries.length, delivery)
    return typeof answered === 'string' ? new Response(answered) : answered
  })
  const clock = { now: NOW }
  const pusher = new Pusher(
    {
      answerTimeoutMs: 5_000,
      resends: 3,
      markFail: { failures: 40, pauseMs: 60_000 },
      ...settings,
    },
    () => clock.now,
  )
  return {
    push: pusher.push.bind(pusher),
    counts: pusher.counts.bind(pusher),
    deliveries,
    clock,
  }
}

/** The product's reply to a delivery. */
function replyTo(
  to: Account,
  { query }: Delivery,
  more: { reply?: PassiveReply; to?: string; seal?: boolean } = {},
) {
  const { reply = { kind: 'text', content: '欢迎' }, seal = to.mode !== 'plain' } = more
  return renderReply({
    reply,
    to: more.to ?? 'oTest',
    from: GH,
    createTime: NOW / 1000,
    format: to.format,
    ...(seal ? { encrypt: { account: to, nonce: query.nonce ?? '', timestamp: NOW / 1000 } } : {}),
  })
}

const failing = () => new Response('not stored', { status: 500 })

afterEach(() => vi.unstubAllGlobals())

describe.each(EVERY_WAY)('a callback in $mode mode, as $format', ({ mode, format }) => {
  it('can be decrypted by its account', () => {
    const to = account({ mode, format })
    const { query, body } = envelope(to, FIELDS, NOW / 1000)
    const opened = openCallback({
      account: to,
      query: Object.fromEntries(query),
      body: Buffer.from(body),
      now: NOW,
      maxAgeMs: 600_000,
    })
    expect(opened).toMatchObject({ ok: true, format, aesKey: mode === 'plain' ? null : AES_KEY })
    expect(opened).toMatchObject({
      record: { FromUserName: 'oTest', Content: '你好 ]]> <&>', MsgId: '9007199254740993001' },
    })
  })

  it('is readable without a key only where the mode allows it', () => {
    const { query, body } = envelope(account({ mode, format }), FIELDS, NOW / 1000)
    expect(query.has('msg_signature')).toBe(mode !== 'plain')
    expect(query.get('encrypt_type')).toBe(mode === 'plain' ? null : 'aes')
    expect(body.includes('Encrypt')).toBe(mode !== 'plain')
    expect(body.includes('你好')).toBe(mode !== 'security')
  })

  it('accepts the product’s passive reply', async () => {
    const to = account({ mode, format })
    const wechat = pushing((_, delivery) => replyTo(to, delivery))
    const result = await wechat.push(to, FIELDS)
    expect(result).toMatchObject({ ok: true, attempts: 1, status: 200 })
    expect(result.passiveReply).toEqual({ msgType: 'text', fields: { Content: '欢迎' } })
  })

  it.each(['success', ''])('accepts "%s" as its answer', async (text) => {
    const wechat = pushing(() => text)
    const result = await wechat.push(account({ mode, format }), FIELDS)
    expect(result).toEqual({ ok: true, attempts: 1, status: 200, body: text, passiveReply: null })
  })

  it('does not accept a reply to another follower', async () => {
    const to = account({ mode, format })
    const wechat = pushing((_, delivery) => replyTo(to, delivery, { to: 'oOther' }))
    expect(await wechat.push(to, FIELDS)).toMatchObject({ ok: false, passiveReply: null })
  })

  it('does not accept any other text', async () => {
    const wechat = pushing(() => 'ok')
    expect(await wechat.push(account({ mode, format }), FIELDS)).toMatchObject({ ok: false, status: 200 })
  })
})

describe('an encrypted callback', () => {
  it('may be answered without encryption in compatible mode only', async () => {
    const answers = []
    for (const mode of ['security', 'compatible'] as const) {
      const to = account({ mode })
      const wechat = pushing((_, delivery) => replyTo(to, delivery, { seal: false }))
      answers.push((await wechat.push(to, FIELDS)).ok)
    }
    expect(answers).toEqual([false, true])
  })

  it.each([
    ['signed with another token', { token: 'other-token' }],
    ['sealed with another key', { encodingAesKey: 'otherotherotherotherotherotherotherotheroth' }],
    ['sealed for another account', { appId: 'wxother000000001' }],
  ])('does not accept a reply %s', async (_, wrong) => {
    const wechat = pushing((_n, delivery) => replyTo(account({ mode: 'security', ...wrong }), delivery))
    const result = await wechat.push(account({ mode: 'security' }), FIELDS)
    expect(result).toMatchObject({ ok: false, passiveReply: null })
  })

  it('accepts a reply with a nonce of the server’s own', async () => {
    const to = account({ mode: 'security' })
    const wechat = pushing(() => replyTo(to, { query: { nonce: 'another' }, body: '' }))
    expect(await wechat.push(to, FIELDS)).toMatchObject({ ok: true, passiveReply: { msgType: 'text' } })
  })
})

describe('a failed callback', () => {
  it('is sent three more times, with the same body, and then dropped', async () => {
    const wechat = pushing(failing)
    const result = await wechat.push(account({ format: 'json' }), FIELDS)
    expect(result).toMatchObject({ ok: false, attempts: 4, status: 500, body: 'not stored' })
    expect(wechat.deliveries).toHaveLength(4)
    expect(new Set(wechat.deliveries.map((d) => d.body)).size).toBe(1)
    expect(new Set(wechat.deliveries.map((d) => d.query.nonce)).size).toBe(4)
  })

  it.each(['ok', '"success"', '<xml></xml>', '{}', '<html></html>'])(
    'is not sent again when WeChat cannot use the answer: %s',
    async (text) => {
      const wechat = pushing(() => text)
      const result = await wechat.push(account(), FIELDS)
      expect(result).toMatchObject({ ok: false, attempts: 1, status: 200, refused: expect.any(String) })
      expect(wechat.counts(APP)).toMatchObject({ failed: 1, resent: 0, abandoned: 0 })
    },
  )

  it('is not sent again once it was answered', async () => {
    const wechat = pushing((n) => (n < 3 ? failing() : 'success'))
    expect(await wechat.push(account(), FIELDS)).toMatchObject({ ok: true, attempts: 3 })
    expect(wechat.deliveries).toHaveLength(3)
  })

  it('is sent again when the connection is refused', async () => {
    const wechat = pushing((n) => (n === 1 ? Promise.reject(new Error('refused')) : 'success'))
    expect(await wechat.push(account(), FIELDS)).toMatchObject({ ok: true, attempts: 2 })
  })

  it('is sent again when WeChat loses the answer', async () => {
    const wechat = pushing(() => 'success')
    expect(await wechat.push(account(), FIELDS, { dropAnswers: 2 })).toMatchObject({ ok: true, attempts: 3 })
    expect(wechat.deliveries).toHaveLength(3)
  })

  it('is sent again when no answer arrives in time', async () => {
    let requests = 0
    const server = createServer((_, response) => {
      requests += 1
      // The first request is never answered.
      if (requests > 1) response.end('success')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const settings = { answerTimeoutMs: 2_000, resends: 3, markFail: { failures: 40, pauseMs: 60_000 } }
    const wechat = new Pusher(settings, () => NOW)
    expect(await wechat.push(account({ callbackUrl }), FIELDS)).toMatchObject({ ok: true, attempts: 2 })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('the numbers of a callback', () => {
  const location: Fields = {
    MsgType: 'location',
    Location_X: '23.134521',
    Location_Y: '113.358803',
    Scale: 20,
    Label: '1234',
  }
  const bodyOf = (format: 'xml' | 'json', more: Fields) =>
    envelope(account({ format }), { ...FIELDS, ...more }, NOW / 1000).body

  it('are numbers in JSON, with every digit', () => {
    const body = bodyOf('json', location)
    expect(body).toContain('"MsgId":9007199254740993001,')
    expect(JSON.parse(body)).toMatchObject({
      ToUserName: GH,
      CreateTime: NOW / 1000,
      Location_X: 23.134521,
      Location_Y: 113.358803,
      Scale: 20,
      Label: '1234',
    })
  })

  it('have no CDATA in XML', () => {
    const body = bodyOf('xml', location)
    expect(body).toContain('<MsgId>9007199254740993001</MsgId><Location_X>')
    expect(body).toContain('<Location_X>23.134521</Location_X>')
    expect(body).toContain('<Label><![CDATA[1234]]></Label>')
  })

  it.each([
    [
      'LOCATION',
      { Latitude: '23.137466', Precision: '119.385040' },
      { Latitude: 23.137466, Precision: 119.38504 },
    ],
    ['VIEW', { MenuId: '429' }, { MenuId: 429 }],
    ['text of a menu message', { bizmsgmenuid: '101' }, { bizmsgmenuid: 101 }],
    ['text of a menu message with a name', { bizmsgmenuid: 'gift' }, { bizmsgmenuid: 'gift' }],
    ['text of digits', { Content: '007' }, { Content: '007' }],
    ['CLICK', { EventKey: '12' }, { EventKey: '12' }],
    [
      'pic_sysphoto',
      { SendPicsInfo: { Count: '1', PicList: { item: { PicMd5Sum: '1' } } } },
      { SendPicsInfo: { Count: 1, PicList: { item: { PicMd5Sum: '1' } } } },
    ],
    [
      'location_select: its inner fields are text',
      { SendLocationInfo: { Location_X: '23', Scale: '15' } },
      { SendLocationInfo: { Location_X: '23', Scale: '15' } },
    ],
  ] as [string, Fields, object][])('%s', (_, more, expected) => {
    expect(JSON.parse(bodyOf('json', more))).toMatchObject(expected)
  })
})

describe('a duplicate callback', () => {
  it('is delivered at the same time, and one accepted answer is enough', async () => {
    let release = () => {}
    const both = new Promise<void>((resolve) => {
      release = resolve
    })
    const wechat = pushing(
      async (n) => {
        if (n === 2) release()
        await both
        return n === 1 ? failing() : new Response('success')
      },
      { resends: 0 },
    )
    expect(await wechat.push(account(), FIELDS, { times: 2 })).toMatchObject({ ok: true })
    expect(wechat.deliveries).toHaveLength(2)
    expect(wechat.deliveries[0]?.body).toBe(wechat.deliveries[1]?.body)
  })
})

describe('the timestamp of a callback', () => {
  it('is now, unless a test sets another', async () => {
    const wechat = pushing(() => 'success')
    await wechat.push(account(), FIELDS)
    await wechat.push(account(), FIELDS, { timestamp: 1_000 })
    expect(wechat.deliveries.map((d) => d.query.timestamp)).toEqual([String(NOW / 1000), '1000'])
  })
})

describe('an account with repeated failures', () => {
  const strict = { resends: 3, markFail: { failures: 8, pauseMs: 60_000 } }

  it('gets no callback for a minute, and callbacks of that time are lost', async () => {
    const wechat = pushing(failing, strict)
    await wechat.push(account(), FIELDS)
    expect((await wechat.push(account(), FIELDS)).attempts).toBe(4)
    const lost = { ok: false, attempts: 0, status: null, body: '', passiveReply: null }
    expect(await wechat.push(account(), FIELDS)).toEqual(lost)
    wechat.clock.now += 59_999
    expect(await wechat.push(account(), FIELDS)).toEqual(lost)
    expect(wechat.deliveries).toHaveLength(8)
    expect(wechat.counts(APP).lost).toBe(2)
    wechat.clock.now += 1
    expect((await wechat.push(account(), FIELDS)).attempts).toBe(4)
    expect(wechat.counts(APP).lost).toBe(2)
  })

  it('has its failed deliveries, re-sends and pauses counted', async () => {
    const wechat = pushing(failing, strict)
    for (let i = 0; i < 3; i++) await wechat.push(account(), FIELDS)
    expect(wechat.counts(APP)).toEqual({ failed: 8, resent: 6, pauses: 1, lost: 1, abandoned: 2 })
  })

  it('gets no delayed re-send in a pause either', async () => {
    const wechat = pushing(failing, {
      ...strict,
      resendAfterMs: 1,
      markFail: { failures: 2, pauseMs: 60_000 },
    })
    expect((await wechat.push(account(), FIELDS)).attempts).toBe(2)
    expect(wechat.deliveries).toHaveLength(2)
    expect(wechat.counts(APP)).toEqual({ failed: 2, resent: 1, pauses: 1, lost: 1, abandoned: 0 })
  })

  it('gets delayed re-sends when a delay is set', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const wechat = pushing((n) => (n === 1 ? failing() : 'success'), { ...strict, resendAfterMs: 5_000 })
    const pushed = wechat.push(account(), FIELDS)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(wechat.deliveries).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await pushed).toMatchObject({ ok: true, attempts: 2 })
    vi.useRealTimers()
  })

  it('gets callbacks again after the pause and starts counting at zero', async () => {
    let broken = true
    const wechat = pushing(() => (broken ? failing() : 'success'), strict)
    for (let i = 0; i < 2; i++) await wechat.push(account(), FIELDS)
    wechat.clock.now += 60_000
    await wechat.push(account(), FIELDS)
    broken = false
    expect(await wechat.push(account(), FIELDS)).toMatchObject({ ok: true, attempts: 1 })
  })

  it('is paused only for failures in a row', async () => {
    const wechat = pushing((n) => (n % 8 === 0 ? 'success' : failing()), strict)
    for (let i = 0; i < 6; i++) expect((await wechat.push(account(), FIELDS)).attempts).toBe(4)
    expect(wechat.counts(APP).lost).toBe(0)
  })

  it('does not pause another account', async () => {
    const wechat = pushing(failing, strict)
    for (let i = 0; i < 3; i++) await wechat.push(account(), FIELDS)
    const other = account({ appId: 'wxother000000001' })
    expect((await wechat.push(other, FIELDS)).attempts).toBe(4)
    expect([wechat.counts(APP).lost, wechat.counts('wxother000000001').lost]).toEqual([1, 0])
  })
})
