import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { FollowerAction, FollowerKey, SimulatedWechat } from '../simulated-wechat.ts'
import type { SimAccountState } from '../state/model.ts'
import { followerActions } from './follower-actions.ts'
import { storeFollowerMedia } from './media-samples.ts'
import type { Fields } from './push.ts'

/**
 * Everything that can happen to an account, by name: what a phone, a shell script or a test may say about it, and what
 * WeChat pushes then. Names are WeChat's `MsgType` and `Event`, beside the older ones of the phone.
 *
 * Sources of the fields: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html ,
 * …/Message_Management/Receiving_event_pushes.html , …/Custom_Menus/Custom_Menu_Push_Events.html ,
 * …/Customer_Service/Session_control.html , …/Message_Management/Batch_Sends_and_Originality_Checks.html ,
 * …/Publish/Callback_on_finish.html ; and wechatpy, tests/test_events.py.
 */

/** What an act may look up, or leave behind, at WeChat. */
export interface ActionContext {
  account: SimAccountState
  openId: string
  /** Where the simulator is reached, for pictures. */
  origin: string
  /** Real time, epoch ms. */
  now: number
}

type ActionGroup = 'message' | 'menu' | 'follower' | 'agent' | 'notice'

interface ActionSpec<Shape extends z.ZodRawShape = z.ZodRawShape> {
  zh: string
  en: string
  group: ActionGroup
  shape: Shape
  action(args: z.output<z.ZodObject<Shape>>, context: ActionContext): FollowerAction
}

function defineAction<Shape extends z.ZodRawShape>(spec: ActionSpec<Shape>): ActionSpec<Shape> {
  return spec
}

const text = (title: string) => z.string().min(1).max(2048).meta({ title })
const textOr = (title: string, example: string) =>
  z.string().min(1).max(2048).default(example).meta({ title })
const number = (title: string, example: number) => z.number().default(example).meta({ title })
const count = (title: string, example: number) => z.int().min(0).default(example).meta({ title })
const choice = <const T extends readonly [string, ...string[]]>(title: string, values: T) =>
  z.enum(values).default(values[0]).meta({ title })

const systemMessage = (text: string) => ({ from: 'system' as const, kind: 'text', content: { text } })
const followerMessage = (kind: string, content: Record<string, unknown> = {}) => ({
  from: 'follower' as const,
  kind,
  content,
})
const message = (MsgType: string, fields: Fields, content: Record<string, unknown> = {}): FollowerAction => ({
  fields: { MsgType, ...fields },
  isMessage: true,
  scene: 'message',
  shows: followerMessage(MsgType, content),
})
const event = (
  Event: string,
  fields: Fields,
  text: string,
  rest: Partial<FollowerAction> = {},
): FollowerAction => ({
  fields: { MsgType: 'event', Event, ...fields },
  shows: systemMessage(text),
  ...rest,
})

const PLACE = {
  latitude: number('纬度 latitude', 23.134521),
  longitude: number('经度 longitude', 113.358803),
}
const KEY = { key: textOr('菜单 key', 'test_key') }
const KF = textOr('客服帐号 kf_account', 'test@agent')
const TEMPLATE = textOr('模板 template id', 'test_template')
/** Of the account's default menu. */
const MENU_ID = 433_747_234
/** WeChat's own sender of notices that concern an account, not a follower. Source: Publish/Callback_on_finish. */
const HELPER = 'mphelper'

const scanAction = (Event: 'scancode_push' | 'scancode_waitmsg', zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'menu',
    shape: {
      ...KEY,
      scanType: textOr('类型 ScanType', 'qrcode'),
      scanResult: textOr('扫码结果 ScanResult', 'https://example.com/'),
    },
    // Of the menu's types only CLICK and these two open a minute. Source: the service guide on customer messages.
    action: ({ key, scanType, scanResult }) =>
      event(
        Event,
        { EventKey: key, ScanCodeInfo: { ScanType: scanType, ScanResult: scanResult } },
        `${zh}：${scanResult}`,
        { scene: 'menu' },
      ),
  })

const pickPictureAction = (Event: 'pic_sysphoto' | 'pic_photo_or_album' | 'pic_weixin', zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'menu',
    shape: { ...KEY, count: z.int().min(1).max(9).default(1).meta({ title: '张数 Count' }) },
    action: ({ key, count: Count }) => {
      const item = Array.from({ length: Count }, (_, i) => ({ PicMd5Sum: md5(`${key}${i}`) }))
      return event(Event, { EventKey: key, SendPicsInfo: { Count, PicList: { item } } }, `${zh}：${Count} 张`)
    },
  })

/** WeChat tells that an account's certification passed, or ends. Source: 微信认证事件推送; wechatpy, tests/test_events.py. */
const certificationAction = (Event: string, zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'notice',
    shape: { validDays: count('有效天数 days until ExpiredTime', 365) },
    action: ({ validDays }, { now }) =>
      event(Event, { FromUserName: HELPER, ExpiredTime: Math.floor(now / 1000) + validDays * 86_400 }, zh),
  })

const rejectionAction = (Event: string, zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'notice',
    shape: { reason: textOr('原因 FailReason', '资料不符（测试）') },
    action: ({ reason }, { now }) =>
      event(Event, { FromUserName: HELPER, FailTime: Math.floor(now / 1000), FailReason: reason }, zh),
  })

/** A person changes or withdraws what a web page of the account was allowed. Source: guide/h5/authorization_change. */
const consentAction = (Event: string, zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'notice',
    shape: { revokeInfo: textOr('RevokeInfo', '1') },
    action: ({ revokeInfo }, { account, openId }) =>
      event(
        Event,
        {
          FromUserName: 'test_platform_service',
          OpenID: openId,
          AppID: account.appId,
          RevokeInfo: revokeInfo,
        },
        zh,
      ),
  })

export const ACTIONS = {
  follow: defineAction({
    zh: '关注',
    en: 'subscribe',
    group: 'follower',
    shape: { qrScene: z.string().min(1).max(64).optional().meta({ title: '二维码场景 qrScene' }) },
    action: ({ qrScene }) => followerActions.follow(qrScene),
  }),
  unfollow: defineAction({
    zh: '取消关注',
    en: 'unsubscribe',
    group: 'follower',
    shape: {},
    action: () => followerActions.unfollow(),
  }),
  scan: defineAction({
    zh: '扫码',
    en: 'SCAN',
    group: 'follower',
    shape: { qrScene: text('二维码场景 qrScene') },
    action: ({ qrScene }) => followerActions.scan(qrScene),
  }),
  type: defineAction({
    zh: '文字',
    en: 'text',
    group: 'message',
    shape: { text: z.string().meta({ title: '内容 Content' }) },
    action: (args) => followerActions.type(args.text),
  }),
  msgmenu: defineAction({
    zh: '点菜单消息',
    en: 'tap on a menu message',
    group: 'message',
    shape: { id: z.string().meta({ title: 'bizmsgmenuid' }), text: z.string().meta({ title: '文字 text' }) },
    action: (args) => followerActions.tapMessageMenu(args.id, args.text),
  }),
  image: defineAction({
    zh: '图片',
    en: 'image',
    group: 'message',
    shape: {},
    action: (_, context) => {
      const MediaId = storeFollowerMedia(context, 'image')
      return message('image', { PicUrl: `${context.origin}/_sim/media/${MediaId}`, MediaId })
    },
  }),
  voice: defineAction({
    zh: '语音',
    en: 'voice',
    group: 'message',
    shape: {
      format: choice('格式 Format', ['amr', 'speex']),
      recognition: z.string().max(600).optional().meta({ title: '识别结果 Recognition' }),
    },
    action: ({ format, recognition }, context) =>
      message('voice', {
        MediaId: storeFollowerMedia(context, 'voice'),
        Format: format,
        ...(recognition === undefined ? {} : { Recognition: recognition }),
      }),
  }),
  video: defineAction({
    zh: '视频',
    en: 'video',
    group: 'message',
    shape: {},
    action: (_, context) => message('video', videoFields(context)),
  }),
  shortvideo: defineAction({
    zh: '小视频',
    en: 'shortvideo',
    group: 'message',
    shape: {},
    action: (_, context) => message('shortvideo', videoFields(context)),
  }),
  location: defineAction({
    zh: '位置',
    en: 'location',
    group: 'message',
    shape: {
      ...PLACE,
      scale: count('缩放 Scale', 20),
      label: textOr('地点 Label', '广州市海珠区客村艺苑路'),
    },
    action: ({ latitude, longitude, scale, label }) =>
      message(
        'location',
        { Location_X: latitude, Location_Y: longitude, Scale: scale, Label: label },
        { label },
      ),
  }),
  link: defineAction({
    zh: '链接',
    en: 'link',
    group: 'message',
    shape: {
      title: textOr('标题 Title', '一篇文章'),
      description: z.string().default('说明').meta({ title: '说明 Description' }),
      url: z.url().default('https://example.com/').meta({ title: 'Url' }),
    },
    action: ({ title, description, url }) =>
      message('link', { Title: title, Description: description, Url: url }, { title, description, url }),
  }),
  // Not on the official page; the fields as people report them from their logs (inferred).
  file: defineAction({
    zh: '文件',
    en: 'file',
    group: 'message',
    shape: {
      title: textOr('文件名 Title', '测试.pdf'),
      description: z.string().default('').meta({ title: '说明 Description' }),
      size: count('大小 FileTotalLen', 1024),
    },
    action: ({ title, description, size }) =>
      message(
        'file',
        {
          Title: title,
          Description: description,
          FileKey: `test_${randomBytes(16).toString('hex')}`,
          FileMd5: md5(title),
          FileTotalLen: size,
        },
        { title },
      ),
  }),
  LOCATION: defineAction({
    zh: '上报位置',
    en: 'LOCATION (a phone tells where it is)',
    group: 'follower',
    shape: { ...PLACE, precision: number('精度 Precision', 119.385) },
    action: ({ latitude, longitude, precision }) =>
      event(
        'LOCATION',
        { Latitude: latitude, Longitude: longitude, Precision: precision },
        `上报位置 ${latitude}, ${longitude}`,
      ),
  }),
  menu: defineAction({
    zh: '点菜单',
    en: 'CLICK',
    group: 'menu',
    shape: { key: text('菜单 key'), label: z.string().optional().meta({ title: '名称 label' }) },
    action: ({ key, label }) => followerActions.tapMenu(key, label),
  }),
  view: defineAction({
    zh: '点菜单链接',
    en: 'VIEW',
    group: 'menu',
    shape: { url: text('链接 url'), menuId: count('MenuId', MENU_ID) },
    action: ({ url, menuId }) => event('VIEW', { EventKey: url, MenuId: menuId }, `打开链接 ${url}`),
  }),
  view_miniprogram: defineAction({
    zh: '点菜单小程序',
    en: 'view_miniprogram',
    group: 'menu',
    shape: { path: textOr('页面 EventKey', 'pages/index/index'), menuId: count('MenuId', MENU_ID) },
    action: ({ path, menuId }) =>
      event('view_miniprogram', { EventKey: path, MenuId: menuId }, `打开小程序 ${path}`),
  }),
  scancode_push: scanAction('scancode_push', '扫码推事件'),
  scancode_waitmsg: scanAction('scancode_waitmsg', '扫码带提示'),
  pic_sysphoto: pickPictureAction('pic_sysphoto', '系统拍照发图'),
  pic_photo_or_album: pickPictureAction('pic_photo_or_album', '拍照或者相册发图'),
  pic_weixin: pickPictureAction('pic_weixin', '微信相册发图'),
  location_select: defineAction({
    zh: '选择位置',
    en: 'location_select',
    group: 'menu',
    shape: {
      ...KEY,
      ...PLACE,
      scale: count('缩放 Scale', 15),
      label: textOr('地点 Label', '广州市海珠区客村艺苑路'),
      poiname: z.string().default('').meta({ title: '朋友圈 POI Poiname' }),
    },
    action: ({ key, latitude, longitude, scale, label, poiname }) =>
      event(
        'location_select',
        {
          EventKey: key,
          SendLocationInfo: {
            Location_X: String(latitude),
            Location_Y: String(longitude),
            Scale: String(scale),
            Label: label,
            Poiname: poiname,
          },
        },
        `选择位置 ${label}`,
      ),
  }),
  'agent-joins': defineAction({
    zh: '客服接入',
    en: 'kf_create_session',
    group: 'agent',
    shape: { kfAccount: KF },
    action: ({ kfAccount }) => ({ ...followerActions.agentJoins(kfAccount), agent: kfAccount }),
  }),
  'agent-leaves': defineAction({
    zh: '客服离开',
    en: 'kf_close_session',
    group: 'agent',
    shape: { kfAccount: KF, closeType: z.string().optional().meta({ title: 'CloseType' }) },
    action: ({ kfAccount, closeType }) => {
      const { fields, ...action } = followerActions.agentLeaves(kfAccount)
      return { ...action, agent: null, fields: { ...fields, ...(closeType ? { CloseType: closeType } : {}) } }
    },
  }),
  kf_switch_session: defineAction({
    zh: '客服转接',
    en: 'kf_switch_session',
    group: 'agent',
    shape: { from: KF, to: textOr('转给 ToKfAccount', 'test2@agent') },
    action: ({ from, to }) =>
      event('kf_switch_session', { FromKfAccount: from, ToKfAccount: to }, `客服由 ${from} 转给 ${to}`, {
        agent: to,
      }),
  }),
  TEMPLATESENDJOBFINISH: defineAction({
    zh: '模板消息结果',
    en: 'TEMPLATESENDJOBFINISH',
    group: 'notice',
    shape: { status: choice('结果 Status', ['success', 'failed:user block', 'failed: system failed']) },
    action: ({ status }) =>
      event('TEMPLATESENDJOBFINISH', { MsgID: newMessageNumber(), Status: status }, `模板消息：${status}`),
  }),
  MASSSENDJOBFINISH: defineAction({
    zh: '群发结果',
    en: 'MASSSENDJOBFINISH',
    group: 'notice',
    shape: {
      status: textOr('结果 Status', 'send success'),
      total: count('总数 TotalCount', 100),
      sent: count('成功 SentCount', 98),
      failed: count('失败 ErrorCount', 2),
    },
    action: ({ status, total, sent, failed }) =>
      event(
        'MASSSENDJOBFINISH',
        {
          FromUserName: HELPER,
          MsgID: newMessageNumber(),
          Status: status,
          TotalCount: total,
          FilterCount: sent + failed,
          SentCount: sent,
          ErrorCount: failed,
          CopyrightCheckResult: { Count: 0, ResultList: '', CheckState: 1 },
          ArticleUrlResult: {
            Count: 1,
            ResultList: { item: { ArticleIdx: 1, ArticleUrl: 'https://mp.weixin.qq.com/s/test' } },
          },
        },
        `群发：${status}`,
      ),
  }),
  PUBLISHJOBFINISH: defineAction({
    zh: '发布结果',
    en: 'PUBLISHJOBFINISH',
    group: 'notice',
    shape: { status: z.int().min(0).max(6).default(0).meta({ title: '状态 publish_status（0–6）' }) },
    action: ({ status }) =>
      event(
        'PUBLISHJOBFINISH',
        {
          FromUserName: HELPER,
          PublishEventInfo: {
            publish_id: newMessageNumber(),
            publish_status: status,
            ...(status === 0
              ? {
                  article_id: `test_${randomBytes(12).toString('base64url')}`,
                  article_detail: {
                    count: 1,
                    item: { idx: 1, article_url: 'https://mp.weixin.qq.com/s/test' },
                  },
                }
              : {}),
            // Only with 2 and 4 articles are named, the first is 1.
            ...(status === 2 || status === 4 ? { fail_idx: 1 } : {}),
          },
        },
        `发布：状态 ${status}`,
      ),
  }),
  subscribe_msg_popup_event: defineAction({
    zh: '订阅通知弹窗',
    en: 'subscribe_msg_popup_event',
    group: 'notice',
    shape: {
      template: TEMPLATE,
      status: choice('选择 SubscribeStatusString', ['accept', 'reject']),
      scene: z.int().min(0).max(2).default(2).meta({ title: '场景 PopupScene' }),
    },
    action: ({ template, status, scene }) =>
      event(
        'subscribe_msg_popup_event',
        {
          SubscribeMsgPopupEvent: {
            List: { TemplateId: template, SubscribeStatusString: status, PopupScene: String(scene) },
          },
        },
        `订阅通知：${status}`,
      ),
  }),
  subscribe_msg_change_event: defineAction({
    zh: '订阅通知管理',
    en: 'subscribe_msg_change_event',
    group: 'notice',
    shape: { template: TEMPLATE, status: choice('选择 SubscribeStatusString', ['reject', 'accept']) },
    action: ({ template, status }) =>
      event(
        'subscribe_msg_change_event',
        { SubscribeMsgChangeEvent: { List: { TemplateId: template, SubscribeStatusString: status } } },
        `管理订阅通知：${status}`,
      ),
  }),
  subscribe_msg_sent_event: defineAction({
    zh: '订阅通知送达',
    en: 'subscribe_msg_sent_event',
    group: 'notice',
    shape: {
      template: TEMPLATE,
      errorCode: count('ErrorCode', 0),
      errorStatus: textOr('ErrorStatus', 'success'),
    },
    action: ({ template, errorCode, errorStatus }) =>
      event(
        'subscribe_msg_sent_event',
        {
          SubscribeMsgSentEvent: {
            List: {
              TemplateId: template,
              MsgID: String(newMessageNumber()),
              ErrorCode: String(errorCode),
              ErrorStatus: errorStatus,
            },
          },
        },
        `订阅通知：${errorStatus}`,
      ),
  }),
  user_info_modified: consentAction('user_info_modified', '用户资料变更'),
  user_authorization_revoke: consentAction('user_authorization_revoke', '用户撤回授权'),
  user_authorization_cancellation: consentAction('user_authorization_cancellation', '用户完成注销'),
  qualification_verify_success: certificationAction('qualification_verify_success', '资质认证成功'),
  qualification_verify_fail: rejectionAction('qualification_verify_fail', '资质认证失败'),
  naming_verify_success: certificationAction('naming_verify_success', '名称认证成功'),
  naming_verify_fail: rejectionAction('naming_verify_fail', '名称认证失败'),
  annual_renew: certificationAction('annual_renew', '年审通知'),
  verify_expired: certificationAction('verify_expired', '认证过期失效'),
  raw: defineAction({
    zh: '任意内容',
    en: 'any fields',
    group: 'notice',
    shape: { fields: z.record(z.string(), z.union([z.string(), z.number()])).meta({ title: '字段 fields' }) },
    action: ({ fields }) => ({
      ...followerActions.raw({}),
      fields,
      // What is not an event has a message id, as WeChat's messages have.
      isMessage: fields.MsgType !== undefined && fields.MsgType !== 'event',
    }),
  }),
}

export type ActionName = keyof typeof ACTIONS
/** `{do: 'location', latitude: …}`: an act as a test writes it; what is left out has its default. */
export type ActionInput = {
  [Name in ActionName]: { do: Name } & Input<(typeof ACTIONS)[Name]['shape']>
}[ActionName]
type Input<Shape extends z.ZodRawShape> = keyof Shape extends never ? unknown : z.input<z.ZodObject<Shape>>

/** WeChat's names of what the phone calls otherwise. */
const ALIASES: Record<string, ActionName> = {
  text: 'type',
  subscribe: 'follow',
  unsubscribe: 'unfollow',
  SCAN: 'scan',
  CLICK: 'menu',
  VIEW: 'view',
  kf_create_session: 'agent-joins',
  kf_close_session: 'agent-leaves',
}

const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name)

/**
 * The deed that a body of `act` asks for.
 * @throws Error that says what is missing or unknown
 */
export function readAction(body: unknown, context: ActionContext): FollowerAction {
  const { do: requested, ...args } = z.looseObject({ do: z.unknown().optional() }).parse(body)
  const requestedName = typeof requested === 'string' ? requested : ''
  const name = ALIASES[requestedName] ?? requestedName
  if (!isActionName(name)) throw new Error(`do must be ${Object.keys(ACTIONS).join(', ')}`)
  // The entry and its deed fit each other by `act`; that a name picked at run time keeps this, no type can say.
  const spec = ACTIONS[name] as unknown as ActionSpec
  const read = z.strictObject(spec.shape).safeParse(args)
  if (read.success) return spec.action(read.data, context)
  throw new Error(read.error.issues.map((issue) => problem(requestedName, issue)).join('; '))
}

function problem(name: string, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${name} does not take ${issue.keys.join(', ')}`
  return `${name} needs ${issue.path.join('.')}: ${issue.message}`
}

/** For the page: every act with its fields, as JSON Schema describes them. */
export function listActions() {
  return Object.entries(ACTIONS).map(([name, { zh, en, group, shape }]) => ({
    name,
    zh,
    en,
    group,
    fields: z.toJSONSchema(z.object(shape as z.ZodRawShape), { io: 'input' }),
  }))
}

/** @throws Error when the simulator has no such account */
export function contextOf(wechat: SimulatedWechat, { appId, openId }: FollowerKey): ActionContext {
  return { account: wechat.account(appId), openId, origin: wechat.origin, now: wechat.now() }
}

function videoFields(context: ActionContext): Fields {
  return {
    MediaId: storeFollowerMedia(context, 'video'),
    ThumbMediaId: storeFollowerMedia(context, 'thumb'),
  }
}

function md5(value: string): string {
  return createHash('md5').update(value).digest('hex')
}

function newMessageNumber(): number {
  return 1_000_000_000 + randomBytes(3).readUIntBE(0, 3)
}
