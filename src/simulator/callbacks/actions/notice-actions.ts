import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { followerActions } from '../follower-actions.ts'
import { choice, count, defineAction, event, newMessageNumber, textOr } from './define-action.ts'

/** WeChat's own sender of notices to an account, 公众号群发助手. Source: Publish/Callback_on_finish. */
export const NOTICE_SENDER = 'mphelper'
const TEMPLATE = textOr('模板 template id', 'test_template')

/** Reports that an account's certification passed or expires. Source: 微信认证事件推送; wechatpy, tests/test_events.py. */
const certificationAction = (Event: string, zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'notice',
    shape: { validDays: count('有效天数 days until ExpiredTime', 365) },
    action: ({ validDays }, { now }) =>
      event(
        Event,
        { FromUserName: NOTICE_SENDER, ExpiredTime: Math.floor(now / 1000) + validDays * 86_400 },
        zh,
      ),
  })

const rejectionAction = (Event: string, zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'notice',
    shape: { reason: textOr('原因 FailReason', '资料不符（测试）') },
    action: ({ reason }, { now }) =>
      event(Event, { FromUserName: NOTICE_SENDER, FailTime: Math.floor(now / 1000), FailReason: reason }, zh),
  })

/** Reports that a user changed or revoked the authorisation of a web page. Source: guide/h5/authorization_change. */
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

export const NOTICE_ACTIONS = {
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
          FromUserName: NOTICE_SENDER,
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
          FromUserName: NOTICE_SENDER,
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
            // Only the statuses 2 and 4 name failed articles. The first article has the index 1.
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
      // WeChat's messages have an id, its events do not.
      isMessage: fields.MsgType !== undefined && fields.MsgType !== 'event',
    }),
  }),
}
