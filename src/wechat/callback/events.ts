import { truncateText } from '../../shared/text.ts'
import { CallbackBodyError, type FieldRecord, type FieldValue } from './xml-json.ts'

/** What every callback has. `createTime` is WeChat's clock, in s. `eventName` as WeChat writes it; '' for messages. */
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

/** Every event and message of the catalogue (公众号 消息管理: 接收普通消息, 接收事件推送), one kind each. */
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
 * Reads a callback's fields. Unknown fields are tolerated. Whatever has a `MsgType` other than `event` and a message id is
 * a message: WeChat's guide lists seven types, and its clients send more (`file`: Title, FileKey, FileMd5, FileTotalLen,
 * in the messages guide of EasyWeChat and in Senparc.Weixin's `RequestMessageFile`). What else cannot be told is `unknown`.
 * @throws CallbackBodyError without FromUserName or CreateTime
 */
export function parseInbound(record: FieldRecord): Inbound {
  const text = textOf(record)
  const openId = text('FromUserName')
  const createTime = Number(text('CreateTime'))
  if (!openId) throw new CallbackBodyError('no FromUserName')
  if (!OPEN_ID.test(openId)) throw new CallbackBodyError('FromUserName is no open id')
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

/** Messages are documented with `MsgId`, some events with `MsgID`; one that writes it otherwise is the same. */
function messageId(text: Text): string {
  return text('MsgId') || text('MsgID')
}

/** WeChat's have 28 letters, digits, - and _. A longer one could be no key of an index, nor of a workflow. */
const OPEN_ID = /^[\x21-\x7e]{1,128}$/

/** It goes to the log; WeChat's have a dozen letters. */
const MSG_TYPE_MAX = 80

type Text = (name: string) => string

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

function parseEvent(common: Common, record: FieldRecord): Inbound {
  const text = textOf(record)
  const nested = (name: string) => textOf(asRecord(record[name]))
  const eventKey = text('EventKey')
  const ticket = text('Ticket') || null
  const event = common.eventName.toLowerCase()
  switch (event) {
    case 'subscribe': {
      const qrScene = eventKey.startsWith('qrscene_') ? eventKey.slice('qrscene_'.length) : null
      return { ...common, kind: event, eventKey, qrScene, ticket }
    }
    case 'unsubscribe':
      return { ...common, kind: event }
    case 'scan':
      return { ...common, kind: event, eventKey, qrScene: eventKey, ticket }
    case 'click':
      return { ...common, kind: event, eventKey }
    case 'view':
    case 'view_miniprogram':
      return { ...common, kind: event, eventKey, menuId: text('MenuId') }
    case 'scancode_push':
    case 'scancode_waitmsg': {
      const scan = nested('ScanCodeInfo')
      return { ...common, kind: event, eventKey, scanType: scan('ScanType'), scanResult: scan('ScanResult') }
    }
    case 'pic_sysphoto':
    case 'pic_photo_or_album':
    case 'pic_weixin':
      return { ...common, kind: event, eventKey, count: Number(nested('SendPicsInfo')('Count')) || 0 }
    case 'location_select':
      return { ...common, kind: event, eventKey, label: nested('SendLocationInfo')('Label') }
    case 'location':
      return {
        ...common,
        kind: 'location_report',
        latitude: text('Latitude'),
        longitude: text('Longitude'),
        precision: text('Precision'),
      }
    case 'templatesendjobfinish':
      return { ...common, kind: 'template_send_finished', msgId: messageId(text), status: text('Status') }
    case 'masssendjobfinish':
      return { ...common, kind: 'mass_send_finished', msgId: messageId(text), status: text('Status') }
    case 'subscribe_msg_popup_event':
      return { ...common, kind: 'subscribe_msg_popup' }
    case 'subscribe_msg_change_event':
      return { ...common, kind: 'subscribe_msg_change' }
    case 'subscribe_msg_sent_event':
      return { ...common, kind: 'subscribe_msg_sent' }
    case 'kf_create_session':
    case 'kf_close_session':
      return { ...common, kind: event, kfAccount: text('KfAccount') }
    case 'kf_switch_session':
      return {
        ...common,
        kind: event,
        fromKfAccount: text('FromKfAccount'),
        toKfAccount: text('ToKfAccount'),
      }
    case 'user_info_modified':
    case 'user_authorization_revoke':
    case 'user_authorization_cancellation': {
      // WeChat's own service is the sender; whom it is about stands in OpenID (授权用户资料变更).
      const openId = text('OpenID') || common.openId
      return { ...common, openId, kind: event, revokeInfo: text('RevokeInfo') }
    }
    default: {
      const certification = CERTIFICATION.find((name) => name === event)
      if (certification) {
        return {
          ...common,
          kind: 'certification',
          event: certification,
          failReason: text('FailReason') || null,
        }
      }
      return IGNORED.test(event)
        ? { ...common, kind: 'ignored' }
        : { ...common, kind: 'unknown', msgType: truncateText(`event ${common.eventName}`, MSG_TYPE_MAX) }
    }
  }
}

/**
 * What makes two callbacks one: messages by MsgId, events by second, name and key (WeChat's guide says
 * `FromUserName + CreateTime`; two different events may share a second).
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
