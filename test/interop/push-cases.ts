import { expect } from 'vitest'
import { ORIGINAL_ID } from './simulated-wechat.ts'

export type Fields = Record<string, unknown>

/** An action at WeChat, and what a callback server must read from its callback. */
export interface PushCase {
  /** The simulator action, as the body of `POST /_sim/APPID/OPENID/act`. */
  act: Fields & { do: string }
  /** The fields that an SDK reads, without those of `commonFields`. */
  reads: Fields
  /** Set for an event. A message has a `MsgId` instead. */
  event?: true
}

const text = (value: string | RegExp) => expect.stringMatching(value)
const event = (act: PushCase['act'], Event: string, more: Fields = {}): PushCase => ({
  act,
  event: true,
  reads: { MsgType: 'event', Event, ...more },
})
const message = (act: PushCase['act'], MsgType: string, more: Fields): PushCase => ({
  act,
  reads: { MsgType, ...more },
})

const ANY_TEXT = text(/./)
const KEY = { EventKey: 'test_key' }
/** WeChat itself, not a follower, sends the events about the account. */
const HELPER = { FromUserName: 'mphelper' }
const scanned = (Event: string) =>
  event({ do: Event }, Event, {
    ...KEY,
    ScanCodeInfo: { ScanType: 'qrcode', ScanResult: 'https://example.com/' },
  })
const pictures = (Event: string) =>
  event({ do: Event }, Event, {
    ...KEY,
    SendPicsInfo: { Count: '1', PicList: { item: { PicMd5Sum: text(/^[0-9a-f]{32}$/) } } },
  })
const consent = (Event: string) =>
  event({ do: Event }, Event, {
    FromUserName: ANY_TEXT,
    OpenID: ANY_TEXT,
    AppID: ANY_TEXT,
    RevokeInfo: '1',
  })
const certificationPassed = (Event: string) =>
  event({ do: Event }, Event, { ...HELPER, ExpiredTime: text(/^\d{10}$/) })
const certificationFailed = (Event: string) =>
  event({ do: Event }, Event, { ...HELPER, FailTime: text(/^\d{10}$/), FailReason: ANY_TEXT })

/** Every simulator action that causes a callback. */
export const PUSH_CASES: readonly PushCase[] = [
  event({ do: 'follow' }, 'subscribe'),
  event({ do: 'follow', qrScene: 'expo-2026' }, 'subscribe', {
    EventKey: 'qrscene_expo-2026',
    Ticket: ANY_TEXT,
  }),
  event({ do: 'scan', qrScene: 'expo-2026' }, 'SCAN', { EventKey: 'expo-2026', Ticket: ANY_TEXT }),
  event({ do: 'LOCATION' }, 'LOCATION', {
    Latitude: '23.134521',
    Longitude: '113.358803',
    Precision: '119.385',
  }),
  event({ do: 'menu', key: 'guide' }, 'CLICK', { EventKey: 'guide' }),
  event({ do: 'view', url: 'https://example.com/?a=1&b=2' }, 'VIEW', {
    EventKey: 'https://example.com/?a=1&b=2',
    MenuId: text(/^\d+$/),
  }),
  event({ do: 'view_miniprogram' }, 'view_miniprogram', {
    EventKey: 'pages/index/index',
    MenuId: text(/^\d+$/),
  }),
  ...['scancode_push', 'scancode_waitmsg'].map(scanned),
  ...['pic_sysphoto', 'pic_photo_or_album', 'pic_weixin'].map(pictures),
  event({ do: 'location_select' }, 'location_select', {
    ...KEY,
    SendLocationInfo: {
      Location_X: '23.134521',
      Location_Y: '113.358803',
      Scale: '15',
      Label: ANY_TEXT,
    },
  }),
  event({ do: 'agent-joins' }, 'kf_create_session', { KfAccount: 'test@agent' }),
  event({ do: 'kf_switch_session' }, 'kf_switch_session', {
    FromKfAccount: 'test@agent',
    ToKfAccount: 'test2@agent',
  }),
  event({ do: 'agent-leaves', kfAccount: 'test2@agent' }, 'kf_close_session', { KfAccount: 'test2@agent' }),
  event({ do: 'TEMPLATESENDJOBFINISH' }, 'TEMPLATESENDJOBFINISH', {
    MsgID: text(/^\d+$/),
    Status: 'success',
  }),
  event({ do: 'MASSSENDJOBFINISH' }, 'MASSSENDJOBFINISH', {
    ...HELPER,
    MsgID: text(/^\d+$/),
    Status: 'send success',
    TotalCount: '100',
    FilterCount: '100',
    SentCount: '98',
    ErrorCount: '2',
  }),
  event({ do: 'PUBLISHJOBFINISH' }, 'PUBLISHJOBFINISH', {
    ...HELPER,
    PublishEventInfo: { publish_id: text(/^\d+$/), article_id: ANY_TEXT },
  }),
  event({ do: 'subscribe_msg_popup_event' }, 'subscribe_msg_popup_event', {
    SubscribeMsgPopupEvent: {
      List: { TemplateId: 'test_template', SubscribeStatusString: 'accept', PopupScene: '2' },
    },
  }),
  event({ do: 'subscribe_msg_change_event' }, 'subscribe_msg_change_event', {
    SubscribeMsgChangeEvent: { List: { TemplateId: 'test_template', SubscribeStatusString: 'reject' } },
  }),
  event({ do: 'subscribe_msg_sent_event' }, 'subscribe_msg_sent_event', {
    SubscribeMsgSentEvent: { List: { TemplateId: 'test_template', ErrorStatus: 'success' } },
  }),
  ...['user_info_modified', 'user_authorization_revoke', 'user_authorization_cancellation'].map(consent),
  ...['qualification_verify_success', 'naming_verify_success', 'annual_renew', 'verify_expired'].map(
    certificationPassed,
  ),
  ...['qualification_verify_fail', 'naming_verify_fail'].map(certificationFailed),
  message({ do: 'type', text: '你好 😀 <b>&amp; "引号"' }, 'text', { Content: '你好 😀 <b>&amp; "引号"' }),
  message({ do: 'msgmenu', id: '101', text: '满意' }, 'text', { Content: '满意', bizmsgmenuid: '101' }),
  message({ do: 'image' }, 'image', { PicUrl: text(/^http/), MediaId: ANY_TEXT }),
  message({ do: 'voice', recognition: '你好' }, 'voice', {
    MediaId: ANY_TEXT,
    Format: 'amr',
    Recognition: '你好',
  }),
  message({ do: 'video' }, 'video', { MediaId: ANY_TEXT, ThumbMediaId: ANY_TEXT }),
  message({ do: 'shortvideo' }, 'shortvideo', { MediaId: ANY_TEXT, ThumbMediaId: ANY_TEXT }),
  message({ do: 'location' }, 'location', {
    Location_X: '23.134521',
    Location_Y: '113.358803',
    Scale: '20',
    Label: ANY_TEXT,
  }),
  message({ do: 'link', url: 'https://example.com/?a=1&b=2' }, 'link', {
    Title: ANY_TEXT,
    Description: ANY_TEXT,
    Url: 'https://example.com/?a=1&b=2',
  }),
  message({ do: 'file' }, 'file', { Title: '测试.pdf', FileKey: ANY_TEXT, FileTotalLen: '1024' }),
  message({ do: 'raw', fields: { MsgType: 'sticker', Content: '新的' } }, 'sticker', { Content: '新的' }),
  event({ do: 'unfollow' }, 'unsubscribe'),
]

/** The fields that every SDK reads from every callback. */
export const commonFields = (openId: string, isMessage: boolean): Fields => ({
  FromUserName: openId,
  ToUserName: ORIGINAL_ID,
  CreateTime: text(/^\d{10}$/),
  ...(isMessage ? { MsgId: text(/^\d{17,19}$/) } : {}),
})

export interface ReplyCase {
  name: string
  /** The reply that the SDK must give. */
  plan: Fields & { kind: string }
  /** The message type that the simulated WeChat must read, with the fields below. */
  msgType: string
  fields: Fields
}

const CAPTION = { title: '标题 <&>', description: '说明' }

/** Every passive reply that WeChat accepts. Source: 被动回复用户消息, Message_Management/Passive_user_reply_message.html. */
export const REPLY_CASES: readonly ReplyCase[] = [
  {
    name: 'a text',
    plan: { kind: 'text', content: '欢迎 😀 <a href="https://example.com/?a=1&b=2">链接</a>' },
    msgType: 'text',
    fields: { Content: '欢迎 😀 <a href="https://example.com/?a=1&b=2">链接</a>' },
  },
  {
    name: 'an image',
    plan: { kind: 'image', mediaId: 'permanent_image' },
    msgType: 'image',
    fields: { Image: { MediaId: 'permanent_image' } },
  },
  {
    name: 'a voice',
    plan: { kind: 'voice', mediaId: 'permanent_voice' },
    msgType: 'voice',
    fields: { Voice: { MediaId: 'permanent_voice' } },
  },
  {
    name: 'a video',
    plan: { kind: 'video', mediaId: 'permanent_video', ...CAPTION },
    msgType: 'video',
    fields: { Video: { MediaId: 'permanent_video', Title: CAPTION.title, Description: CAPTION.description } },
  },
  {
    name: 'music',
    plan: {
      kind: 'music',
      url: 'https://example.com/a.mp3',
      hqUrl: 'https://example.com/b.mp3',
      thumbMediaId: 'permanent_thumb',
      ...CAPTION,
    },
    msgType: 'music',
    fields: { Music: { Title: CAPTION.title, MusicUrl: 'https://example.com/a.mp3' } },
  },
  {
    name: 'news',
    plan: {
      kind: 'news',
      articles: [{ ...CAPTION, image: 'https://example.com/a.png', url: 'https://example.com/?a=1&b=2' }],
    },
    msgType: 'news',
    fields: {
      ArticleCount: '1',
      Articles: { item: { Title: CAPTION.title, Url: 'https://example.com/?a=1&b=2' } },
    },
  },
  {
    name: 'a transfer to agents',
    plan: { kind: 'transfer' },
    msgType: 'transfer_customer_service',
    fields: {},
  },
  {
    name: 'a transfer to one agent',
    plan: { kind: 'transfer', kfAccount: 'test@agent' },
    msgType: 'transfer_customer_service',
    fields: { TransInfo: { KfAccount: 'test@agent' } },
  },
]
