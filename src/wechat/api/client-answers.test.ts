import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { malformedAnswers } from '../../../test/fixtures/malformed-answers.ts'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { createWechatClient, type WechatAnswer, type WechatClient } from './client.ts'
import { type ComponentClient, createComponentClient } from './component-client.ts'

/** The answer to the next request. */
let next: { status: number; body: string } = { status: 200, body: '' }
const server = createServer((req, res) => {
  req.resume()
  req.on('end', () => res.writeHead(next.status, { 'content-type': 'text/plain' }).end(next.body))
})
let client: WechatClient
let platform: ComponentClient
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = createWechatClient({ apiBase: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  platform = createComponentClient(client.post, { appId: 'wxplatform', appSecret: 'test-secret' })
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Part of every text of the valid answers. No reason may contain it. */
const SECRET = 'secretvalue'
type Data = Record<string, never>
const isText = (x: unknown) => typeof x === 'string' && x !== ''
const isWhole = (x: unknown) => Number.isSafeInteger(x)
const isSpan = (x: unknown) => isWhole(x) && Number(x) > 0 && Number(x) < 1e9
const orAbsent = (fits: (x: unknown) => boolean) => (x: unknown) => x === undefined || fits(x)
const isTag = (x: Data) => isWhole(x.id) && isText(x.name)
const medium = {
  type: 'image',
  filename: 'media.png',
  contentType: 'image/png',
  bytes: new Uint8Array(9),
} as const

interface Case {
  call: () => Promise<WechatAnswer<unknown>>
  /** A valid answer as documented by WeChat. */
  good: object
  fits: (data: Data) => boolean
}
const done = { good: { errcode: 0, errmsg: 'ok' }, fits: (d: Data) => d.errcode === 0 }
/** Every call of both clients, with an independent check of its data. */
const CASES: Record<string, Case> = {
  stableToken: {
    call: () => client.stableToken({ appId: 'wx1', appSecret: 'test' }),
    good: { access_token: SECRET, expires_in: 7200 },
    fits: (d) => isText(d.access_token) && isSpan(d.expires_in),
  },
  customSend: { call: () => client.customSend('t', {}), ...done },
  typing: { call: () => client.typing('t', 'o1'), ...done },
  userInfo: {
    call: () => client.userInfo('t', 'o1'),
    good: {
      subscribe: 1,
      openid: SECRET,
      subscribe_scene: 'ADD_SCENE_QR_CODE',
      qr_scene: 0,
      qr_scene_str: 'expo',
      tagid_list: [100, 101],
    },
    fits: (d) =>
      [0, 1].includes(d.subscribe as unknown as number) &&
      isText(d.openid) &&
      orAbsent((x) => Array.isArray(x) && x.every(isWhole))(d.tagid_list) &&
      orAbsent((x) => typeof x === 'string')(d.qr_scene_str) &&
      orAbsent((x) => typeof x === 'string')(d.subscribe_scene) &&
      orAbsent(isWhole)(d.qr_scene),
  },
  tags: {
    call: () => client.tags('t'),
    good: { tags: [{ id: 2, name: '星标组', count: 0 }] },
    // A tag name may be empty. Such a tag must not make the others unreadable.
    fits: (d) =>
      Array.isArray(d.tags) && (d.tags as Data[]).every((x) => isWhole(x.id) && typeof x.name === 'string'),
  },
  createTag: {
    call: () => client.createTag('t', 'gold'),
    good: { tag: { id: 134, name: 'gold' } },
    fits: (d) => isTag(d.tag as unknown as Data),
  },
  tagFollower: { call: () => client.tagFollower('t', { openId: 'o1', tagId: 2, how: 'tag' }), ...done },
  uploadMedia: {
    call: () => client.uploadMedia('t', medium),
    good: { type: 'image', media_id: SECRET, created_at: 1672500000 },
    fits: (d) => isText(d.media_id),
  },
  uploadThumb: {
    call: () => client.uploadMedia('t', { ...medium, type: 'thumb' }),
    good: { type: 'thumb', thumb_media_id: SECRET, created_at: 1672500000 },
    fits: (d) => isText(d.media_id),
  },
  createQrcode: {
    call: () => client.createQrcode('t', { scene: 'expo', expiresIn: 60 }),
    good: { ticket: SECRET, expire_seconds: 60, url: `http://weixin.qq.com/q/${SECRET}` },
    fits: (d) =>
      isText(d.ticket) &&
      typeof d.url === 'string' &&
      orAbsent((x) => isWhole(x) && Number(x) < 1e9)(d.expire_seconds),
  },
  createMenu: { call: () => client.createMenu('t', { button: [] }), ...done },
  menu: {
    call: () => client.menu('t'),
    good: { menu: { button: [{ type: 'click', name: 'a', key: 'b', sub_button: [] }] } },
    fits: (d) => Array.isArray((d.menu as unknown as Data).button),
  },
  currentMenu: {
    call: () => client.currentMenu('t'),
    good: { is_menu_open: 1, selfmenu_info: { button: [] } },
    fits: (d) =>
      typeof d.is_menu_open === 'number' &&
      orAbsent((x) => orAbsent(Array.isArray)((x as Data).button))(d.selfmenu_info),
  },
  deleteMenu: { call: () => client.deleteMenu('t'), ...done },
  quota: {
    call: () => client.quota('t', '/cgi-bin/message/custom/send'),
    good: {
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: 5, used: 1, remain: 4 },
      rate_limit: { call_count: 5, refresh_second: 60 },
    },
    fits: (d) => {
      const { quota, rate_limit: rate } = d as unknown as Record<'quota' | 'rate_limit', Data>
      return (
        [quota.daily_limit, quota.used, quota.remain].every(isWhole) &&
        orAbsent((x) => isWhole((x as Data).call_count) && isSpan((x as Data).refresh_second))(rate)
      )
    },
  },
  apiDomainIp: {
    call: () => client.apiDomainIp('t'),
    good: { ip_list: ['127.0.0.1'] },
    fits: (d) => Array.isArray(d.ip_list) && (d.ip_list as unknown[]).every((x) => typeof x === 'string'),
  },
  startPushTicket: { call: () => platform.startPushTicket(), ...done },
  componentToken: {
    call: () => platform.componentToken('ticket'),
    good: { component_access_token: SECRET, expires_in: 7200 },
    fits: (d) => isText(d.access_token) && isSpan(d.expires_in),
  },
  preAuthCode: {
    call: () => platform.preAuthCode('t'),
    good: { pre_auth_code: SECRET, expires_in: 600 },
    fits: (d) => isText(d.pre_auth_code) && isSpan(d.expires_in),
  },
  queryAuth: {
    call: () => platform.queryAuth('t', 'code'),
    good: {
      authorization_info: {
        authorizer_appid: 'wx1',
        authorizer_access_token: SECRET,
        expires_in: 7200,
        authorizer_refresh_token: SECRET,
        func_info: [{ funcscope_category: { id: 1 } }],
      },
    },
    fits: (d) => {
      const info = d.authorization_info as unknown as Data
      const scopes = (x: unknown) =>
        Array.isArray(x) && x.every((s) => isWhole((s as { funcscope_category: Data }).funcscope_category.id))
      return (
        isText(info.authorizer_appid) &&
        orAbsent((x) => typeof x === 'string')(info.authorizer_refresh_token) &&
        orAbsent(scopes)(info.func_info)
      )
    },
  },
  authoriserToken: {
    call: () => platform.authoriserToken('t', 'wx1', 'refresh'),
    good: { authorizer_access_token: SECRET, expires_in: 7200, authorizer_refresh_token: SECRET },
    fits: (d) => isText(d.authorizer_access_token) && isSpan(d.expires_in),
  },
  authoriserInfo: {
    call: () => platform.authoriserInfo('t', 'wx1'),
    good: { authorizer_info: { nick_name: 'shop', verify_type_info: { id: 0 } } },
    fits: (d) => {
      const info = d.authorizer_info as unknown as Data
      return (
        orAbsent((x) => typeof x === 'string')(info.nick_name) &&
        orAbsent((x) => isWhole((x as Data).id))(info.verify_type_info)
      )
    },
  },
  authoriserList: {
    call: () => platform.authoriserList('t', 0, 500),
    good: { total_count: 1, list: [{ authorizer_appid: 'wx1', refresh_token: SECRET, auth_time: 1 }] },
    fits: (d) =>
      isWhole(d.total_count) &&
      (d.list as unknown as Data[]).every(
        (x) => isText(x.authorizer_appid) && typeof x.refresh_token === 'string',
      ),
  },
}

const STATUS = fc.constantFrom(200, 200, 200, 200, 201, 204, 302, 400, 403, 404, 413, 429, 500, 502, 503)

describe('a random answer', () => {
  it.each(Object.entries(CASES))(
    'to %s gives data only when it has the documented shape',
    async (_name, { call, good, fits }) => {
      next = { status: 200, body: JSON.stringify(good) }
      const valid = await call()
      expect(valid).toMatchObject({ kind: 'answered', errcode: 0 })
      await fc.assert(
        fc.asyncProperty(STATUS, malformedAnswers(good), async (status, body) => {
          next = { status, body }
          const answer = await call()
          expect(['answered', 'failed', 'unclear', 'malformed']).toContain(answer.kind)
          if (answer.kind !== 'answered') {
            expect(answer.reason).not.toContain(SECRET)
            // A gateway's error is transient. Any other unreadable answer is malformed.
            if (status >= 500) expect(['failed', 'unclear']).toContain(answer.kind)
            else if (status !== 429) expect(answer.kind).toBe('malformed')
            return
          }
          expect(Number.isSafeInteger(answer.errcode)).toBe(true)
          // Both stores must accept it.
          expect(JSON.stringify(answer)).not.toMatch(/\\u0000|\\ud[89a-f]/)
          if (answer.errcode === 0) expect(fits(answer.data as Data)).toBe(true)
          else expect(answer.data).toBeNull()
        }),
        { numRuns: propertyRuns(120, 20) },
      )
    },
  )
})

describe('the answer to the upload of a thumb', () => {
  it.each([
    ['thumb_media_id', { type: 'thumb', thumb_media_id: 'thumb-1', created_at: 1 }],
    ["every medium's field", { type: 'thumb', media_id: 'thumb-1', created_at: 1 }],
    ['both fields', { type: 'thumb', thumb_media_id: 'thumb-1', media_id: 'other', created_at: 1 }],
    ['thumb_media_id, with media_id null', { type: 'thumb', thumb_media_id: 'thumb-1', media_id: null }],
    ['thumb_media_id, with media_id empty', { type: 'thumb', thumb_media_id: 'thumb-1', media_id: '' }],
    ['media_id, with thumb_media_id null', { type: 'thumb', thumb_media_id: null, media_id: 'thumb-1' }],
    ['media_id, with thumb_media_id empty', { type: 'thumb', thumb_media_id: '', media_id: 'thumb-1' }],
  ])('is read from %s', async (_name, body) => {
    next = { status: 200, body: JSON.stringify(body) }
    expect(await client.uploadMedia('t', { ...medium, type: 'thumb' })).toMatchObject({
      kind: 'answered',
      data: { media_id: 'thumb-1' },
    })
  })

  it('has another field than that of an image', async () => {
    next = { status: 200, body: '{"type":"image","thumb_media_id":"thumb-1","created_at":1}' }
    expect(await client.uploadMedia('t', medium)).toEqual({
      kind: 'malformed',
      reason: 'HTTP 200, the answer does not fit: media_id (expected string)',
    })
  })
})

describe('an answer that is equivalent to the documented one', () => {
  it.each([
    ['a medium', 'uploadMedia', { errcode: null, errmsg: null, media_id: 'm' }, { data: { media_id: 'm' } }],
    ['a token', 'stableToken', { access_token: 'a', expires_in: '7200' }, { data: { expires_in: 7200 } }],
    [
      'what it knows of a follower',
      'userInfo',
      {
        subscribe: '1',
        openid: 'o1',
        qr_scene: null,
        qr_scene_str: null,
        subscribe_scene: null,
        tagid_list: ['2'],
      },
      { data: { subscribe: 1, openid: 'o1', tagid_list: [2] } },
    ],
    [
      'a code that never ends',
      'createQrcode',
      { ticket: 't', url: 'u', expire_seconds: null },
      { data: { ticket: 't', url: 'u' } },
    ],
  ])('is accepted for %s: numbers as texts, null for absent fields', async (_name, call, body, answer) => {
    next = { status: 200, body: JSON.stringify(body) }
    expect(await CASES[call]?.call()).toMatchObject({ kind: 'answered', ...answer })
  })
})
