import { describe, expect, it } from 'vitest'
import { sceneOf } from '../rules/rules.ts'
import { dedupeKey, type Inbound, parseInbound } from './events.ts'
import { CallbackBodyError, parseBody } from './xml-json.ts'

const FROM = '<ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>'

/** Parses a push as WeChat writes it, with the given fields after the common ones. */
const push = (fields: string, createTime = '1714112445'): Inbound =>
  parseInbound(
    parseBody(Buffer.from(`<xml>${FROM}<CreateTime>${createTime}</CreateTime>${fields}</xml>`)).record,
  )
const message = (msgType: string, fields: string) =>
  push(
    `<MsgType><![CDATA[${msgType}]]></MsgType>${fields}<MsgId>6074746557628292943</MsgId><MsgDataId>1</MsgDataId><Idx>1</Idx>`,
  )
const event = (name: string, fields = '', createTime?: string) =>
  push(`<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[${name}]]></Event>${fields}`, createTime)

const common = { toUserName: 'gh_1', openId: 'o1', createTime: 1714112445 }
const MSG_ID = '6074746557628292943'

describe('a message', () => {
  it.each<[string, string, object]>([
    ['text', '<Content><![CDATA[你好]]></Content>', { content: '你好', bizmsgmenuid: null }],
    [
      'image',
      '<PicUrl><![CDATA[http://p/1]]></PicUrl><MediaId><![CDATA[m1]]></MediaId>',
      { picUrl: 'http://p/1', mediaId: 'm1' },
    ],
    [
      'voice',
      '<MediaId>m1</MediaId><Format>amr</Format><MediaId16K>m16</MediaId16K>',
      { mediaId: 'm1', format: 'amr', recognition: null },
    ],
    ['video', '<MediaId>m1</MediaId><ThumbMediaId>t1</ThumbMediaId>', { mediaId: 'm1', thumbMediaId: 't1' }],
    [
      'shortvideo',
      '<MediaId>m1</MediaId><ThumbMediaId>t1</ThumbMediaId>',
      { mediaId: 'm1', thumbMediaId: 't1' },
    ],
    [
      'location',
      '<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[位置]]></Label>',
      { latitude: '23.134521', longitude: '113.358803', scale: '20', label: '位置' },
    ],
    [
      'link',
      '<Title>t</Title><Description>d</Description><Url>http://u/?a=1&amp;b=2</Url>',
      { title: 't', description: 'd', url: 'http://u/?a=1&b=2' },
    ],
    [
      'file',
      '<Title><![CDATA[a.pdf]]></Title><Description></Description><FileKey>k1</FileKey><FileMd5>5d41</FileMd5><FileTotalLen>1024</FileTotalLen>',
      { title: 'a.pdf', description: '', fileKey: 'k1', bytes: '1024' },
    ],
  ])('is read: %s', (kind, fields, variant) => {
    const inbound = message(kind, fields)
    expect(inbound).toEqual({ ...common, eventName: '', kind, msgId: MSG_ID, ...variant })
    expect(sceneOf(inbound)).toBe('message')
  })

  it('may have a transcript of a voice', () => {
    expect(message('voice', '<Recognition>你好</Recognition>')).toMatchObject({ recognition: '你好' })
  })

  it('is read the same way from JSON, with every digit of MsgId', () => {
    const body = `{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1714112445,"MsgType":"text","Content":"hi","MsgId":${MSG_ID}}`
    expect(parseInbound(parseBody(Buffer.from(body)).record)).toEqual({
      ...common,
      eventName: '',
      kind: 'text',
      msgId: MSG_ID,
      content: 'hi',
      bizmsgmenuid: null,
    })
  })
})

describe('a message of a type that the guide does not list', () => {
  it.each(['miniprogrampage', 'emotion', 'hologram', 'subscribe', 'UPPERCASE', 'x'.repeat(500)])(
    'is still a message: %s',
    (msgType) => {
      const inbound = message(msgType, '<Event>unsubscribe</Event>')
      expect(inbound).toEqual({
        ...common,
        eventName: '',
        kind: 'other_message',
        msgId: MSG_ID,
        msgType: msgType.toLowerCase().slice(0, 80),
      })
      expect(sceneOf(inbound)).toBe('message')
    },
  )

  it.each([
    ['MsgId, XML', `<MsgId>${MSG_ID}</MsgId>`],
    ['MsgID, XML', `<MsgID>${MSG_ID}</MsgID>`],
  ])('has the same dedupe key with %s', (_name, id) => {
    for (const msgType of ['text', 'file', 'hologram']) {
      const inbound = push(`<MsgType>${msgType}</MsgType>${id}`)
      expect(inbound).toMatchObject({ msgId: MSG_ID })
      expect(dedupeKey('wx1', inbound)).toBe(dedupeKey('wx1', message('text', '')))
    }
  })

  it.each(['MsgId', 'MsgID'])('is read from JSON with %s as a number or as a text', (name) => {
    for (const id of [MSG_ID, `"${MSG_ID}"`]) {
      const body = `{"FromUserName":"o1","CreateTime":1714112445,"MsgType":"file","${name}":${id}}`
      expect(parseInbound(parseBody(Buffer.from(body)).record)).toMatchObject({ kind: 'file', msgId: MSG_ID })
    }
  })
})

describe('a tap on a menu message', () => {
  it('is a text that WeChat counts as a menu click', () => {
    const tapped = message('text', '<Content>满意</Content><bizmsgmenuid>101</bizmsgmenuid>')
    expect(tapped).toMatchObject({ kind: 'text', content: '满意', bizmsgmenuid: '101' })
    expect(sceneOf(tapped)).toBe('menu')
  })
})

describe('an event', () => {
  it.each<[string, string, string, object, ReturnType<typeof sceneOf>]>([
    [
      'subscribe',
      '<EventKey></EventKey>',
      'subscribe',
      { eventKey: '', qrScene: null, ticket: null },
      'subscribe',
    ],
    ['subscribe', '', 'subscribe', { eventKey: '', qrScene: null, ticket: null }, 'subscribe'],
    [
      'subscribe',
      '<EventKey><![CDATA[qrscene_123123]]></EventKey><Ticket><![CDATA[TICKET]]></Ticket>',
      'subscribe',
      { eventKey: 'qrscene_123123', qrScene: '123123', ticket: 'TICKET' },
      'subscribe',
    ],
    ['unsubscribe', '<EventKey></EventKey>', 'unsubscribe', {}, null],
    [
      'SCAN',
      '<EventKey>expo</EventKey><Ticket>TICKET</Ticket>',
      'scan',
      { eventKey: 'expo', qrScene: 'expo', ticket: 'TICKET' },
      'scan',
    ],
    [
      'LOCATION',
      '<Latitude>23.137466</Latitude><Longitude>113.352425</Longitude><Precision>119.385040</Precision>',
      'location_report',
      { latitude: '23.137466', longitude: '113.352425', precision: '119.385040' },
      null,
    ],
    ['CLICK', '<EventKey>gift</EventKey>', 'click', { eventKey: 'gift' }, 'menu'],
    [
      'VIEW',
      '<EventKey>https://a/?b=1&amp;c=2</EventKey><MenuId>4</MenuId>',
      'view',
      { eventKey: 'https://a/?b=1&c=2', menuId: '4' },
      null,
    ],
    [
      'view_miniprogram',
      '<EventKey>pages/index</EventKey><MenuId>4</MenuId>',
      'view_miniprogram',
      { eventKey: 'pages/index', menuId: '4' },
      null,
    ],
    ...(['scancode_push', 'scancode_waitmsg'] as const).map(
      (name) =>
        [
          name,
          '<EventKey>k</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>',
          name,
          { eventKey: 'k', scanType: 'qrcode', scanResult: '1' },
          'menu',
        ] as [string, string, string, object, 'menu'],
    ),
    ...(['pic_sysphoto', 'pic_photo_or_album', 'pic_weixin'] as const).map(
      (name) =>
        [
          name,
          '<EventKey>k</EventKey><SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item></PicList></SendPicsInfo>',
          name,
          { eventKey: 'k', count: 1 },
          null,
        ] as [string, string, string, object, null],
    ),
    [
      'location_select',
      '<EventKey>k</EventKey><SendLocationInfo><Location_X>23</Location_X><Location_Y>113</Location_Y><Scale>15</Scale><Label>广州</Label><Poiname></Poiname></SendLocationInfo>',
      'location_select',
      { eventKey: 'k', label: '广州' },
      null,
    ],
    [
      'TEMPLATESENDJOBFINISH',
      '<MsgID>200163836</MsgID><Status>failed:user block</Status>',
      'template_send_finished',
      { msgId: '200163836', status: 'failed:user block' },
      null,
    ],
    [
      'MASSSENDJOBFINISH',
      '<MsgID>1000001625</MsgID><Status>err(30003)</Status><TotalCount>0</TotalCount><SentCount>0</SentCount>',
      'mass_send_finished',
      { msgId: '1000001625', status: 'err(30003)' },
      null,
    ],
    [
      'subscribe_msg_popup_event',
      '<SubscribeMsgPopupEvent><List><TemplateId>a</TemplateId></List><List><TemplateId>b</TemplateId></List></SubscribeMsgPopupEvent>',
      'subscribe_msg_popup',
      {},
      null,
    ],
    ['subscribe_msg_change_event', '', 'subscribe_msg_change', {}, null],
    ['subscribe_msg_sent_event', '', 'subscribe_msg_sent', {}, null],
    ['kf_create_session', '<KfAccount>a@b</KfAccount>', 'kf_create_session', { kfAccount: 'a@b' }, null],
    [
      'kf_close_session',
      '<KfAccount>a@b</KfAccount><CloseType>KF</CloseType>',
      'kf_close_session',
      { kfAccount: 'a@b' },
      null,
    ],
    [
      'kf_switch_session',
      '<FromKfAccount>a@b</FromKfAccount><ToKfAccount>c@b</ToKfAccount>',
      'kf_switch_session',
      { fromKfAccount: 'a@b', toKfAccount: 'c@b' },
      null,
    ],
    ...(['user_info_modified', 'user_authorization_revoke', 'user_authorization_cancellation'] as const).map(
      (name) =>
        [
          name,
          '<OpenID>o1</OpenID><AppID>wx1</AppID><RevokeInfo>1</RevokeInfo>',
          name,
          { openId: 'o1', revokeInfo: '1' },
          null,
        ] as [string, string, string, object, null],
    ),
    ...(
      [
        'qualification_verify_success',
        'qualification_verify_fail',
        'naming_verify_success',
        'naming_verify_fail',
        'annual_renew',
        'verify_expired',
      ] as const
    ).map(
      (name) =>
        [
          name,
          '<ExpiredTime>1442401156</ExpiredTime>',
          'certification',
          { event: name, failReason: null },
          null,
        ] as [string, string, string, object, null],
    ),
    [
      'naming_verify_fail',
      '<FailTime>1442401061</FailTime><FailReason>by time</FailReason>',
      'certification',
      { event: 'naming_verify_fail', failReason: 'by time' },
      null,
    ],
    ...(
      [
        'PUBLISHJOBFINISH',
        'card_pass_check',
        'user_get_card',
        'user_pay_from_pay_cell',
        'update_member_card',
        'giftcard_pay_done',
        'ShakearoundUserShake',
        'WifiConnected',
        'merchant_order',
        'debug_demo',
      ] as const
    ).map((name) => [name, '', 'ignored', {}, null] as [string, string, string, object, null]),
  ])('%s with %s is read', (name, fields, kind, variant, scene) => {
    const inbound = event(name, fields)
    expect(inbound).toEqual({ ...common, eventName: name, kind, ...variant })
    expect(sceneOf(inbound)).toBe(scene)
  })

  it.each(['Subscribe', 'SUBSCRIBE', 'scan', 'click', 'Kf_Create_Session'])(
    'is recognised in any case: %s',
    (name) => {
      expect(event(name).kind).toBe(name.toLowerCase())
    },
  )

  it('is read also when fields are missing', () => {
    expect(event('scancode_push')).toMatchObject({ scanType: '', scanResult: '' })
    expect(event('pic_weixin', '<SendPicsInfo>none</SendPicsInfo>')).toMatchObject({ count: 0 })
    expect(
      event('location_select', '<SendLocationInfo><Label><a>1</a></Label></SendLocationInfo>'),
    ).toMatchObject({
      label: '',
    })
  })
})

describe('a push of an unknown kind', () => {
  it.each([
    ['an event', event('brand_new_thing', '<Extra><A>1</A></Extra>'), 'event brand_new_thing'],
    ['an event without a name', event(''), 'event '],
    ['a message type without MsgId', push('<MsgType>hologram</MsgType>'), 'hologram'],
    ['a message without a type', push('<MsgId>1</MsgId>'), ''],
    [
      'a text without MsgId, which cannot be deduplicated',
      push('<MsgType>text</MsgType><Content>a</Content>'),
      'text',
    ],
  ])('is read as unknown and not refused: %s', (_name, inbound, msgType) => {
    expect(inbound).toMatchObject({ ...common, kind: 'unknown', msgType })
    expect(sceneOf(inbound)).toBeNull()
  })

  it('has its type truncated for the log', () => {
    expect(event('x'.repeat(5_000))).toMatchObject({ msgType: `event ${'x'.repeat(74)}` })
    expect(push(`<MsgType>${'x'.repeat(5_000)}</MsgType>`)).toMatchObject({ msgType: 'x'.repeat(80) })
  })
})

describe('a push without a required field', () => {
  const parsing = (record: Record<string, string>) => () => parseInbound(record)

  it.each([
    ['no FromUserName', { CreateTime: '1', MsgType: 'text' }, 'no FromUserName'],
    [
      'a FromUserName that is too long',
      { FromUserName: 'o'.repeat(129), CreateTime: '1' },
      'FromUserName is not an open id',
    ],
    [
      'a FromUserName with NUL',
      { FromUserName: 'o\u0000', CreateTime: '1' },
      'FromUserName is not an open id',
    ],
    ['an empty FromUserName', { FromUserName: '', CreateTime: '1' }, 'no FromUserName'],
    ['no CreateTime', { FromUserName: 'o1' }, 'no CreateTime'],
    ['an empty CreateTime', { FromUserName: 'o1', CreateTime: '' }, 'no CreateTime'],
    ['a CreateTime that is not a number', { FromUserName: 'o1', CreateTime: 'now' }, 'no CreateTime'],
    ['a negative CreateTime', { FromUserName: 'o1', CreateTime: '-1' }, 'no CreateTime'],
    ['a CreateTime with a fraction', { FromUserName: 'o1', CreateTime: '1.5' }, 'no CreateTime'],
    ['a hexadecimal CreateTime', { FromUserName: 'o1', CreateTime: '0x10' }, 'no CreateTime'],
    ['a CreateTime that is too large', { FromUserName: 'o1', CreateTime: '1'.repeat(13) }, 'no CreateTime'],
  ])('is refused: %s', (_name, record, reason) => {
    expect(parsing(record)).toThrow(CallbackBodyError)
    expect(parsing(record)).toThrow(reason)
  })

  it('is refused when it names two senders', () => {
    const { record } = parseBody(
      Buffer.from(
        '<xml><FromUserName>o1</FromUserName><FromUserName>o2</FromUserName><CreateTime>1</CreateTime></xml>',
      ),
    )
    expect(() => parseInbound(record)).toThrow('no FromUserName')
  })

  it('is refused when the field is inherited from a prototype', () => {
    expect(() => parseInbound(Object.create({ FromUserName: 'o1', CreateTime: '1' }))).toThrow(
      'no FromUserName',
    )
  })
})

describe('the dedupe key of a push', () => {
  const text = (msgId: string, createTime = '1714112445', content = 'hi') =>
    push(`<MsgType>text</MsgType><Content>${content}</Content><MsgId>${msgId}</MsgId>`, createTime)
  const click = (key: string, createTime?: string) =>
    event('CLICK', `<EventKey>${key}</EventKey>`, createTime)
  const key = (inbound: Inbound, appId = 'wx1') => dedupeKey(appId, inbound)

  it('is the same for messages with the same MsgId', () => {
    expect(key(text('1', '1714112450', 'other'))).toBe(key(text('1')))
  })

  it('differs for two MsgIds beyond 2^53 that are the same number in JavaScript', () => {
    expect(key(text('6074746557628292943'))).not.toBe(key(text('6074746557628292944')))
  })

  it('is the same for events with the same second, name and key', () => {
    expect(key(click('gift'))).toBe(key(click('gift')))
    expect(key(event('click', '<EventKey>gift</EventKey>'))).toBe(key(click('gift')))
  })

  it.each([
    ['another second', click('gift', '1714112446')],
    ['another key', click('other')],
    ['another event', event('VIEW', '<EventKey>gift</EventKey>')],
    ['a follow of the same second', event('subscribe', '<EventKey>gift</EventKey>')],
    ['a message of the same second', text('1')],
  ])('differs with %s', (_name, other) => {
    expect(key(other)).not.toBe(key(click('gift')))
  })

  it('differs for another account and for another follower', () => {
    const other = parseInbound({ FromUserName: 'o2', CreateTime: '1714112445', MsgType: 'text', MsgId: '1' })
    expect(key(text('1'), 'wx2')).not.toBe(key(text('1'), 'wx1'))
    expect(key(other)).not.toBe(key(text('1')))
  })

  it('is unambiguous whatever a field contains', () => {
    const from = (FromUserName: string, MsgId: string) =>
      key(parseInbound({ FromUserName, MsgId, CreateTime: '1', MsgType: 'text' }))
    expect(from('o,msg,1', '2')).not.toBe(from('o', '1,msg,2'))
    expect(from('o","msg","1', '2')).not.toBe(from('o', '1","msg","2'))
  })

  it('is that of an event for TEMPLATESENDJOBFINISH, which has a MsgID', () => {
    const finished = (at: string) =>
      event('TEMPLATESENDJOBFINISH', '<MsgID>1</MsgID><Status>success</Status>', at)
    expect(key(finished('1714112445'))).not.toBe(key(text('1')))
    expect(key(finished('1714112445'))).not.toBe(key(finished('1714112446')))
  })
})
