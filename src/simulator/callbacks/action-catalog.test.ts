import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { parseInbound } from '../../wechat/callback/events.ts'
import { parseBody } from '../../wechat/callback/xml-json.ts'
import { createSimulator } from '../index.ts'
import { ACTIONS, type ActionInput, type ActionName, listActions } from './action-catalog.ts'

const APP = 'wxtest0000000001'
const T0 = Date.parse('2026-11-23T08:00:00Z')
const AGENT = 'test@agent'

afterEach(() => vi.unstubAllGlobals())

/** A simulated account that receives XML or JSON, and the bodies of its callbacks. */
function account(format: 'xml' | 'json' = 'json') {
  const bodies: string[] = []
  vi.stubGlobal('fetch', async (_: string, init: { body: string }) => {
    bodies.push(init.body)
    return new Response('success')
  })
  const simulator = createSimulator({ now: () => T0 })
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    format,
    originalId: 'gh_test',
    callbackUrl: 'http://callback.invalid',
  })
  const sim = simulator.account(APP)
  async function pushed(act: ActionInput, openId = 'oTest'): Promise<Record<string, unknown>> {
    expect(await sim.act(openId, act)).toMatchObject({ ok: true })
    return JSON.parse(bodies.at(-1) ?? '') as Record<string, unknown>
  }
  return { simulator, sim, bodies, pushed }
}

/** Every action, with the fields that WeChat pushes for it and the scene of the grant that it opens. */
const CASES: [ActionInput, Record<string, unknown>, string | null][] = [
  [{ do: 'follow' }, { MsgType: 'event', Event: 'subscribe' }, 'subscribe'],
  [{ do: 'follow', qrScene: 'expo' }, { Event: 'subscribe', EventKey: 'qrscene_expo' }, 'subscribe'],
  [{ do: 'unfollow' }, { Event: 'unsubscribe' }, null],
  [{ do: 'type', text: '你好' }, { MsgType: 'text', Content: '你好' }, 'message'],
  [{ do: 'msgmenu', id: '1', text: '要' }, { MsgType: 'text', bizmsgmenuid: 1 }, 'menu'],
  [{ do: 'image' }, { MsgType: 'image', MediaId: expect.stringMatching(/^test_/) }, 'message'],
  [
    { do: 'voice', format: 'speex', recognition: '你好' },
    { MsgType: 'voice', Format: 'speex', Recognition: '你好', MediaId: expect.any(String) },
    'message',
  ],
  [{ do: 'video' }, { MsgType: 'video', ThumbMediaId: expect.any(String) }, 'message'],
  [{ do: 'shortvideo' }, { MsgType: 'shortvideo', MediaId: expect.any(String) }, 'message'],
  [
    { do: 'location', latitude: 23.1, longitude: 113.3, scale: 16, label: '海珠区' },
    { MsgType: 'location', Location_X: 23.1, Location_Y: 113.3, Scale: 16, Label: '海珠区' },
    'message',
  ],
  [
    { do: 'link', title: '标题', url: 'https://example.com/a' },
    { MsgType: 'link', Title: '标题', Url: 'https://example.com/a' },
    'message',
  ],
  [
    { do: 'file', title: 'a.pdf', size: 7 },
    { MsgType: 'file', Title: 'a.pdf', FileTotalLen: 7, FileMd5: expect.stringMatching(/^[0-9a-f]{32}$/) },
    'message',
  ],
  [
    { do: 'LOCATION', latitude: 23.1, longitude: 113.3, precision: 65 },
    { Event: 'LOCATION', Latitude: 23.1, Longitude: 113.3, Precision: 65 },
    null,
  ],
  [{ do: 'menu', key: 'gift' }, { Event: 'CLICK', EventKey: 'gift' }, 'menu'],
  [
    { do: 'view', url: 'https://example.com/' },
    { Event: 'VIEW', EventKey: 'https://example.com/', MenuId: 433_747_234 },
    null,
  ],
  [
    { do: 'view_miniprogram', path: 'pages/a', menuId: 9 },
    { Event: 'view_miniprogram', EventKey: 'pages/a', MenuId: 9 },
    null,
  ],
  [
    { do: 'scancode_push', key: 'k', scanResult: '6901' },
    { Event: 'scancode_push', EventKey: 'k', ScanCodeInfo: { ScanType: 'qrcode', ScanResult: '6901' } },
    'menu',
  ],
  [
    { do: 'scancode_waitmsg', key: 'k', scanType: 'barcode' },
    { Event: 'scancode_waitmsg', ScanCodeInfo: { ScanType: 'barcode', ScanResult: 'https://example.com/' } },
    'menu',
  ],
  ...(['pic_sysphoto', 'pic_photo_or_album', 'pic_weixin'] as const).map(
    (name): [ActionInput, Record<string, unknown>, null] => [
      { do: name, key: 'k', count: 2 },
      {
        Event: name,
        EventKey: 'k',
        SendPicsInfo: {
          Count: 2,
          PicList: { item: [{ PicMd5Sum: expect.any(String) }, { PicMd5Sum: expect.any(String) }] },
        },
      },
      null,
    ],
  ),
  [
    { do: 'location_select', key: 'k', poiname: '珠江' },
    {
      Event: 'location_select',
      SendLocationInfo: expect.objectContaining({ Location_X: '23.134521', Scale: '15', Poiname: '珠江' }),
    },
    null,
  ],
  [{ do: 'scan', qrScene: 'expo' }, { Event: 'SCAN', EventKey: 'expo' }, 'scan'],
  [{ do: 'agent-joins' }, { Event: 'kf_create_session', KfAccount: AGENT }, null],
  [
    { do: 'agent-leaves', closeType: 'KF' },
    { Event: 'kf_close_session', KfAccount: AGENT, CloseType: 'KF' },
    null,
  ],
  [
    { do: 'kf_switch_session', to: 'b@agent' },
    { Event: 'kf_switch_session', FromKfAccount: AGENT, ToKfAccount: 'b@agent' },
    null,
  ],
  [
    { do: 'TEMPLATESENDJOBFINISH', status: 'failed:user block' },
    { Event: 'TEMPLATESENDJOBFINISH', MsgID: expect.any(Number), Status: 'failed:user block' },
    null,
  ],
  [
    { do: 'MASSSENDJOBFINISH', total: 9, sent: 5, failed: 2 },
    {
      Event: 'MASSSENDJOBFINISH',
      FromUserName: 'mphelper',
      Status: 'send success',
      TotalCount: 9,
      FilterCount: 7,
      SentCount: 5,
      ErrorCount: 2,
    },
    null,
  ],
  [
    { do: 'PUBLISHJOBFINISH' },
    {
      Event: 'PUBLISHJOBFINISH',
      PublishEventInfo: expect.objectContaining({ publish_status: 0, article_id: expect.any(String) }),
    },
    null,
  ],
  [
    { do: 'PUBLISHJOBFINISH', status: 2 },
    { PublishEventInfo: { publish_id: expect.any(Number), publish_status: 2, fail_idx: 1 } },
    null,
  ],
  [
    { do: 'subscribe_msg_popup_event', status: 'reject' },
    {
      SubscribeMsgPopupEvent: {
        List: { TemplateId: 'test_template', SubscribeStatusString: 'reject', PopupScene: '2' },
      },
    },
    null,
  ],
  [
    { do: 'subscribe_msg_change_event' },
    { SubscribeMsgChangeEvent: { List: { TemplateId: 'test_template', SubscribeStatusString: 'reject' } } },
    null,
  ],
  [
    { do: 'subscribe_msg_sent_event' },
    { SubscribeMsgSentEvent: { List: expect.objectContaining({ ErrorCode: '0', ErrorStatus: 'success' }) } },
    null,
  ],
  ...(['user_info_modified', 'user_authorization_revoke', 'user_authorization_cancellation'] as const).map(
    (name): [ActionInput, Record<string, unknown>, null] => [
      { do: name, revokeInfo: '201' },
      { Event: name, OpenID: 'oTest', AppID: APP, RevokeInfo: '201', FromUserName: 'test_platform_service' },
      null,
    ],
  ),
  ...(
    ['qualification_verify_success', 'naming_verify_success', 'annual_renew', 'verify_expired'] as const
  ).map((name): [ActionInput, Record<string, unknown>, null] => [
    { do: name, validDays: 1 },
    { Event: name, ExpiredTime: T0 / 1000 + 86_400 },
    null,
  ]),
  ...(['qualification_verify_fail', 'naming_verify_fail'] as const).map(
    (name): [ActionInput, Record<string, unknown>, null] => [
      { do: name, reason: '资料不符' },
      { Event: name, FailTime: T0 / 1000, FailReason: '资料不符' },
      null,
    ],
  ),
  [
    { do: 'raw', fields: { MsgType: 'event', Event: 'debug_demo', n: 1 } },
    { Event: 'debug_demo', n: 1 },
    null,
  ],
  [{ do: 'raw', fields: { MsgType: 'new_kind' } }, { MsgType: 'new_kind', MsgId: expect.anything() }, null],
]

describe('an action', () => {
  it.each(CASES.map(([act, fields, grant]) => [act.do, act, fields, grant] as const))(
    '%s pushes WeChat’s fields and opens WeChat’s grant',
    async (_, act, fields, grant) => {
      const { sim, pushed } = account()
      await sim.follow('oTest')
      sim.grants('oTest').splice(0)
      expect(await pushed(act)).toMatchObject({ ToUserName: 'gh_test', CreateTime: T0 / 1000, ...fields })
      expect(sim.grants('oTest').map((g) => g.scene)).toEqual(grant === null ? [] : [grant])
    },
  )

  it('has a test case', () => {
    expect(new Set(CASES.map(([{ do: name }]) => name))).toEqual(new Set(Object.keys(ACTIONS)))
  })

  it('is readable for the product in both formats', async () => {
    for (const format of ['xml', 'json'] as const) {
      const { sim, bodies } = account(format)
      for (const [act] of CASES) await sim.act('oTest', act)
      for (const body of bodies)
        expect(() => parseInbound(parseBody(Buffer.from(body)).record), body).not.toThrow()
    }
  })

  it.each([
    ['text', { text: '1' }, 'text'],
    ['subscribe', {}, 'event'],
    ['unsubscribe', {}, 'event'],
    ['SCAN', { qrScene: 'a' }, 'event'],
    ['CLICK', { key: 'a' }, 'event'],
    ['VIEW', { url: 'https://example.com/' }, 'event'],
    ['kf_create_session', {}, 'event'],
    ['kf_close_session', {}, 'event'],
  ])('is known by WeChat’s own name too: %s', async (name, args, MsgType) => {
    const { simulator, bodies } = account()
    const answer = await simulator.app.request(`/_sim/${APP}/oTest/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ do: name, ...args }),
    })
    expect(answer.status).toBe(200)
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ MsgType })
  })

  it.each([
    [{ do: 'location', latitude: 'north' }, /location needs latitude/],
    [{ do: 'pic_weixin', key: 'k', count: 10 }, /pic_weixin needs count/],
    [{ do: 'image', colour: 'red' }, /image does not accept colour/],
    [{ do: 'PUBLISHJOBFINISH', status: 7 }, /PUBLISHJOBFINISH needs status/],
    [{ do: 'constructor' }, /do must be/],
  ])('is rejected with the reason when it is not valid: %j', async (body, reason) => {
    const { simulator, bodies } = account()
    const answer = await simulator.app.request(`/_sim/${APP}/oTest/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: expect.stringMatching(reason) })
    expect(bodies).toEqual([])
  })

  it('is answered with 200 or 400, whatever the request', async () => {
    const { simulator } = account()
    const names = fc.constantFrom(...(Object.keys(ACTIONS) as ActionName[]))
    await fc.assert(
      fc.asyncProperty(names, fc.dictionary(fc.string(), fc.jsonValue()), async (name, args) => {
        const answer = await simulator.app.request(`/_sim/${APP}/oTest/act`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...args, do: name }),
        })
        expect([200, 400]).toContain(answer.status)
      }),
      { numRuns: propertyRuns(100, 20) },
    )
  })
})

describe('a session with a human agent', () => {
  it('begins, moves to another agent and ends', async () => {
    const { simulator, sim } = account()
    const agent = () => simulator.wechat.follower({ appId: APP, openId: 'oTest' }).agent
    await sim.agentJoins('oTest')
    expect(agent()).toEqual({ account: AGENT, since: T0 })
    await sim.act('oTest', { do: 'kf_switch_session', to: 'b@agent' })
    expect(agent()?.account).toBe('b@agent')
    await sim.agentLeaves('oTest')
    expect(agent()).toBeNull()
  })
})

describe('an image from a follower', () => {
  it('can be downloaded from its PicUrl', async () => {
    const { simulator, pushed } = account()
    const { PicUrl } = await pushed({ do: 'image' })
    const answer = await simulator.app.request(String(PicUrl))
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(
      Buffer.from(await answer.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    expect((await simulator.app.request('/_sim/media/none')).status).toBe(404)
  })
})

describe('the list of actions', () => {
  it('names every action in both languages, with its fields and their defaults', () => {
    const list = listActions()
    expect(list.map((a) => a.name)).toEqual(Object.keys(ACTIONS))
    for (const { zh, en } of list) expect(`${zh}${en}`).toMatch(/\p{Script=Han}.*[a-z]/iu)
    expect(list.find((a) => a.name === 'location')?.fields).toMatchObject({
      properties: { latitude: { type: 'number', title: '纬度 latitude', default: 23.134521 } },
    })
  })
})
