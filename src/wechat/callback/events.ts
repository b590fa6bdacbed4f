import { truncateText } from '../../shared/text.ts'
import type { FieldRecord, FieldValue } from './field-record.ts'
import { CallbackBodyError } from './xml-json.ts'

/** Fields of every callback. `createTime`: seconds by WeChat's clock. `eventName`: as WeChat writes it, empty for messages. */
interface Common {
  toUserName: string
  openId: string
  createTime: number
  eventName: string
}

interface Message {
  /** A 64-bit number, kept as text. */
  msgId: string
}

interface MenuEvent {
  eventKey: string
}

/** A callback: one kind for each message and event in WeChat's guide (公众号 消息管理: 接收普通消息, 接收事件推送). */
export type Inbound = Common &
  (
    | ({ kind: 'text'; content: string; bizmsgmenuid: string | null } & Message)
    | ({ kind: 'image'; picUrl: string; mediaId: string } & Message)
    | ({ kind: 'voice'; mediaId: string; format: string; recognition: string | null } & Message)
    | ({ kind: 'video' | 'shortvideo'; mediaId: string; thumbMediaId: string } & Message)
    | ({ kind: 'location'; latitude: string; longitude: string; scale: string; label: string } & Message)
    | ({ kind: 'link'; title: string; description: string; url: string } & Message)
    | ({ kind: 'file'; title: string; description: string; fileKey: string; bytes: string } & Message)
    | ({ kind: 'other_message'; msgType: string } & Message)
    | { kind: 'subscribe'; eventKey: string; qrScene: string | null; ticket: string | null }
    | { kind: 'unsubscribe' }
    | { kind: 'scan'; eventKey: string; qrScene: string; ticket: string | null }
    | ({ kind: 'click' } & MenuEvent)
    | ({ kind: 'view' | 'view_miniprogram'; menuId: string } & MenuEvent)
    | ({ kind: 'scancode_push' | 'scancode_waitmsg'; scanType: string; scanResult: string } & MenuEvent)
    | ({ kind: 'pic_sysphoto' | 'pic_photo_or_album' | 'pic_weixin'; count: number } & MenuEvent)
    | ({ kind: 'location_select'; label: string } & MenuEvent)
    | { kind: 'location_report'; latitude: string; longitude: string; precision: string }
    | { kind: 'template_send_finished'; msgId: string; status: string }
    | { kind: 'mass_send_finished'; msgId: string; status: string }
    | { kind: 'subscribe_msg_popup' | 'subscribe_msg_change' | 'subscribe_msg_sent' }
    | { kind: 'kf_create_session' | 'kf_close_session'; kfAccount: string }
    | { kind: 'kf_switch_session'; fromKfAccount: string; toKfAccount: string }
    | { kind: UserInfoEvent; revokeInfo: string }
    | { kind: 'certification'; event: Certification; failReason: string | null }
    | { kind: 'ignored' }
    | { kind: 'unknown'; msgType: string }
  )

type UserInfoEvent = 'user_info_modified' | 'user_authorization_revoke' | 'user_authorization_cancellation'

const CERTIFICATION = [
  'qualification_verify_success',
  'qualification_verify_fail',
  'naming_verify_success',
  'naming_verify_fail',
  'annual_renew',
  'verify_expired',
] as const
type Certification = (typeof CERTIFICATION)[number]

const IGNORED =
  /^(publishjobfinish|card_|user_(get|gifting|del|consume|pay|view|enter)|update_member_card|giftcard_|shakearoundusershake|wificonnected|merchant_order|debug_demo|submit_membercard)/

/**
 * Reads a callback's fields, and ignores unknown ones. A push with a `MsgType` other than `event` and a message id is a
 * message: WeChat's guide lists seven types, and its apps send more (`file`: Title, FileKey, FileMd5, FileTotalLen, in the
 * messages guide of EasyWeChat and in Senparc.Weixin's `RequestMessageFile`). Any other push is `unknown`.
 * @throws CallbackBodyError without FromUserName or CreateTime
 */
export function parseInbound(record: FieldRecord): Inbound {
  const text = textOf(record)
  const openId = text('FromUserName')
  const createTime = Number(text('CreateTime'))
  if (!openId) throw new CallbackBodyError('no FromUserName')
  if (!OPEN_ID.test(openId)) throw new CallbackBodyError('FromUserName is not an open id')
  if (!/^\d{1,12}$/.test(text('CreateTime')) || !Number.isSafeInteger(createTime)) {
    throw new CallbackBodyError('no CreateTime')
  }
  const msgType = text('MsgType').toLowerCase()
  const eventName = msgType === 'event' ? text('Event') : ''
  const common = { toUserName: text('ToUserName'), openId, createTime, eventName }
  if (msgType === 'event') return parseEvent(common, record)
  const msgId = messageId(text)
  return msgType && msgId
    ? parseMessage({ ...common, msgId }, msgType, text)
    : { ...common, kind: 'unknown', msgType: truncateText(msgType, MSG_TYPE_MAX) }
}

/** WeChat documents `MsgId` for messages and `MsgID` for some events. Both spellings are accepted. */
function messageId(text: Text): string {
  return text('MsgId') || text('MsgID')
}

/** WeChat's open ids have 28 letters, digits, - and _. The limit keeps index keys and workflow ids valid. */
const OPEN_ID = /^[\x21-\x7e]{1,128}$/

/** The type is logged. WeChat's types have about a dozen letters. */
const MSG_TYPE_MAX = 80

type Text = (name: string) => string

/** The `EventKey` of a follow by QR code is this prefix and the code's scene. */
const QR_SCENE_PREFIX = 'qrscene_'

function parseMessage(message: Common & Message, msgType: string, text: Text): Inbound {
  switch (msgType) {
    case 'text':
      return {
        ...message,
        kind: 'text',
        content: text('Content'),
        bizmsgmenuid: text('bizmsgmenuid') || null,
      }
    case 'image':
      return { ...message, kind: 'image', picUrl: text('PicUrl'), mediaId: text('MediaId') }
    case 'voice':
      return {
        ...message,
        kind: 'voice',
        mediaId: text('MediaId'),
        format: text('Format'),
        recognition: text('Recognition') || null,
      }
    case 'video':
    case 'shortvideo':
      return { ...message, kind: msgType, mediaId: text('MediaId'), thumbMediaId: text('ThumbMediaId') }
    case 'location':
      return {
        ...message,
        kind: 'location',
        latitude: text('Location_X'),
        longitude: text('Location_Y'),
        scale: text('Scale'),
        label: text('Label'),
      }
    case 'link':
      return {
        ...message,
        kind: 'link',
        title: text('Title'),
        description: text('Description'),
        url: text('Url'),
      }
    case 'file':
      return {
        ...message,
        kind: 'file',
        title: text('Title'),
        description: text('Description'),
        fileKey: text('FileKey'),
        bytes: text('FileTotalLen'),
      }
    default:
      return { ...message, kind: 'other_message', msgType: truncateText(msgType, MSG_TYPE_MAX) }
  }
}

interface EventFields {
  common: Common
  text: Text
  /** The text fields of a nested record. */
  nested(name: string): Text
}

/** Parsers by WeChat's event name in lowercase. */
const EVENTS: Record<string, (fields: EventFields) => Inbound> = {
  subscribe: ({ common, text }) => {
    const eventKey = text('EventKey')
    const qrScene = eventKey.startsWith(QR_SCENE_PREFIX) ? eventKey.slice(QR_SCENE_PREFIX.length) : null
    return { ...common, kind: 'subscribe', eventKey, qrScene, ticket: text('Ticket') || null }
  },
  unsubscribe: ({ common }) => ({ ...common, kind: 'unsubscribe' }),
  scan: ({ common, text }) => {
    const eventKey = text('EventKey')
    return { ...common, kind: 'scan', eventKey, qrScene: eventKey, ticket: text('Ticket') || null }
  },
  click: ({ common, text }) => ({ ...common, kind: 'click', eventKey: text('EventKey') }),
  view: (fields) => viewEvent('view', fields),
  view_miniprogram: (fields) => viewEvent('view_miniprogram', fields),
  scancode_push: (fields) => scanCodeEvent('scancode_push', fields),
  scancode_waitmsg: (fields) => scanCodeEvent('scancode_waitmsg', fields),
  pic_sysphoto: (fields) => picturesEvent('pic_sysphoto', fields),
  pic_photo_or_album: (fields) => picturesEvent('pic_photo_or_album', fields),
  pic_weixin: (fields) => picturesEvent('pic_weixin', fields),
  location_select: ({ common, text, nested }) => {
    const label = nested('SendLocationInfo')('Label')
    return { ...common, kind: 'location_select', eventKey: text('EventKey'), label }
  },
  location: ({ common, text }) => ({
    ...common,
    kind: 'location_report',
    latitude: text('Latitude'),
    longitude: text('Longitude'),
    precision: text('Precision'),
  }),
  templatesendjobfinish: ({ common, text }) => ({
    ...common,
    kind: 'template_send_finished',
    msgId: messageId(text),
    status: text('Status'),
  }),
  masssendjobfinish: ({ common, text }) => ({
    ...common,
    kind: 'mass_send_finished',
    msgId: messageId(text),
    status: text('Status'),
  }),
  subscribe_msg_popup_event: ({ common }) => ({ ...common, kind: 'subscribe_msg_popup' }),
  subscribe_msg_change_event: ({ common }) => ({ ...common, kind: 'subscribe_msg_change' }),
  subscribe_msg_sent_event: ({ common }) => ({ ...common, kind: 'subscribe_msg_sent' }),
  kf_create_session: (fields) => sessionEvent('kf_create_session', fields),
  kf_close_session: (fields) => sessionEvent('kf_close_session', fields),
  kf_switch_session: ({ common, text }) => ({
    ...common,
    kind: 'kf_switch_session',
    fromKfAccount: text('FromKfAccount'),
    toKfAccount: text('ToKfAccount'),
  }),
  user_info_modified: (fields) => userInfoEvent('user_info_modified', fields),
  user_authorization_revoke: (fields) => userInfoEvent('user_authorization_revoke', fields),
  user_authorization_cancellation: (fields) => userInfoEvent('user_authorization_cancellation', fields),
}

function parseEvent(common: Common, record: FieldRecord): Inbound {
  const event = common.eventName.toLowerCase()
  const text = textOf(record)
  const parse = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined
  if (parse) return parse({ common, text, nested: (name) => textOf(asRecord(record[name])) })
  const certification = CERTIFICATION.find((name) => name === event)
  if (certification)
    return { ...common, kind: 'certification', event: certification, failReason: text('FailReason') || null }
  return IGNORED.test(event)
    ? { ...common, kind: 'ignored' }
    : { ...common, kind: 'unknown', msgType: truncateText(`event ${common.eventName}`, MSG_TYPE_MAX) }
}

function viewEvent(kind: 'view' | 'view_miniprogram', { common, text }: EventFields): Inbound {
  return { ...common, kind, eventKey: text('EventKey'), menuId: text('MenuId') }
}

function scanCodeEvent(
  kind: 'scancode_push' | 'scancode_waitmsg',
  { common, text, nested }: EventFields,
): Inbound {
  const scan = nested('ScanCodeInfo')
  const eventKey = text('EventKey')
  return { ...common, kind, eventKey, scanType: scan('ScanType'), scanResult: scan('ScanResult') }
}

function picturesEvent(
  kind: 'pic_sysphoto' | 'pic_photo_or_album' | 'pic_weixin',
  { common, text, nested }: EventFields,
): Inbound {
  return { ...common, kind, eventKey: text('EventKey'), count: Number(nested('SendPicsInfo')('Count')) || 0 }
}

function sessionEvent(
  kind: 'kf_create_session' | 'kf_close_session',
  { common, text }: EventFields,
): Inbound {
  return { ...common, kind, kfAccount: text('KfAccount') }
}

/** The sender is a service of WeChat, and `OpenID` is the follower (授权用户资料变更). */
function userInfoEvent(kind: UserInfoEvent, { common, text }: EventFields): Inbound {
  return { ...common, openId: text('OpenID') || common.openId, kind, revokeInfo: text('RevokeInfo') }
}

/**
 * The key that two deliveries of one callback share: docs/contract.md#3-callbacks. WeChat's guide names `FromUserName +
 * CreateTime` for events, but two different events may share a second, so the key has their name and `EventKey` too.
 */
export function dedupeKey(appId: string, inbound: Inbound): string {
  const isEvent = inbound.eventName !== ''
  const parts =
    !isEvent && 'msgId' in inbound
      ? [appId, inbound.openId, 'msg', inbound.msgId]
      : [
          appId,
          inbound.openId,
          'event',
          String(inbound.createTime),
          inbound.eventName.toLowerCase(),
          'eventKey' in inbound ? inbound.eventKey : '',
        ]
  return JSON.stringify(parts)
}

function textOf(record: FieldRecord): Text {
  return (name) => {
    const value = Object.hasOwn(record, name) ? record[name] : undefined
    return typeof value === 'string' ? value : ''
  }
}

function asRecord(value: FieldValue | undefined): FieldRecord {
  return typeof value === 'object' && !Array.isArray(value) ? value : {}
}
