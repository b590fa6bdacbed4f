import { useView } from '../view.ts'
import { bilingual, type Labels } from './bilingual.ts'

export const ACCOUNT_STATES: Labels = bilingual(
  {
    active: '正常',
    paused: '已暂停',
    'needs-authorisation': '需重新授权',
    blocked: '已被微信封禁',
    'quota-exhausted': '今日调用次数已用完',
  },
  {
    active: 'active',
    paused: 'paused',
    'needs-authorisation': 'needs authorisation',
    blocked: 'blocked by WeChat',
    'quota-exhausted': 'daily calls used up',
  },
)

export const CAMPAIGN_STATES: Labels = bilingual(
  { live: '进行中', paused: '已暂停', retired: '已下线', broken: '无法使用' },
  { live: 'live', paused: 'paused', retired: 'retired', broken: 'cannot be used' },
)

export const RUN_STATES: Labels = bilingual(
  { active: '培育中', paused: '已暂停', ended: '已结束' },
  { active: 'active', paused: 'paused', ended: 'ended' },
)

export const STEP_STATES: Labels = bilingual(
  {
    pending: '等待',
    held: '暂缓',
    sending: '发送中',
    sent: '已发送',
    skipped: '已跳过',
    unknown: '结果未知',
  },
  {
    pending: 'pending',
    held: 'held',
    sending: 'sending',
    sent: 'sent',
    skipped: 'skipped',
    unknown: 'unknown',
  },
)

export const FORK_STATES: Labels = bilingual(
  { pending: '未到达', waiting: '等待回应', asking: '查询中', taken: '已决定', closed: '已关闭' },
  { pending: 'not reached', waiting: 'waiting', asking: 'asking', taken: 'decided', closed: 'closed' },
)

export const USER_STATES: Labels = bilingual(
  { active: '正常', disabled: '已停用' },
  { active: 'active', disabled: 'disabled' },
)

export const ACTIONS: Labels = bilingual(
  {
    'session.begin': '登录',
    'session.end': '退出',
    'second-factor.set': '启用两步验证',
    'second-factor.remove': '停用两步验证',
    'user.second-factor-reset': '重置两步验证',
    'codec.decode': '解密查看',
    'account.add': '添加公众号',
    'account.change': '修改公众号',
    'account.remove': '移除公众号',
    'account.verify': '验证公众号',
    'menu.put': '设置菜单',
    'menu.remove': '删除菜单',
    'menu.save': '备份菜单',
    'campaign.publish': '发布活动',
    'campaign.delete': '删除活动',
    'campaign.pause': '暂停活动',
    'campaign.resume': '恢复活动',
    'follower.cancel': '取消培育',
    'follower.pause': '暂停培育',
    'follower.resume': '恢复培育',
    'follower.agent-end': '结束人工会话',
    'follower.bulk-cancel': '批量取消培育',
    'follower.bulk-pause': '批量暂停培育',
    'follower.bulk-resume': '批量恢复培育',
    'bulk-job.stop': '停止批量操作',
    'follower.erase': '请求删除粉丝数据',
    'follower.erased': '删除粉丝数据',
    'media.upload': '上传素材',
    'qrcode.create': '生成二维码',
    'user.add': '添加成员',
    'user.change': '修改成员',
    'user.remove': '移除成员',
    'key.rotate': '更换加密密钥',
    'temporal.accept': '接受 Temporal 命名空间',
    'token.create': '创建令牌',
    'token.revoke': '吊销令牌',
    'campaign.accounts': '调整活动的公众号',
    'campaign.restore': '重新上线活动',
    'campaign.retire': '下线活动',
    'campaign.rollback': '恢复旧版本',
    'campaign.test-send': '试发',
    'campaign.export-open-ids': '导出带 OpenID 的培育',
    'draft.delete': '删除草稿',
    'draft.save': '保存草稿',
    hook: '设置接收地址',
    'hook.secret': '更换接收地址的密钥',
    'hook.remove': '移除接收地址',
    webhook: '设置 Webhook',
    'webhook.secret': '更换 Webhook 的密钥',
    'webhook.remove': '移除 Webhook',
    'webhook.retry': '重发 Webhook',
  },
  {
    'session.begin': 'signed in',
    'session.end': 'signed out',
    'second-factor.set': 'enabled the second factor',
    'second-factor.remove': 'disabled the second factor',
    'user.second-factor-reset': 'reset a second factor',
    'codec.decode': 'decrypted data',
    'account.add': 'added an account',
    'account.change': 'changed an account',
    'account.remove': 'removed an account',
    'account.verify': 'verified an account',
    'menu.put': 'set the menu',
    'menu.remove': 'removed the menu',
    'menu.save': 'saved a copy of the menu',
    'campaign.publish': 'published a campaign',
    'campaign.delete': 'deleted a campaign',
    'campaign.pause': 'paused a campaign',
    'campaign.resume': 'resumed a campaign',
    'follower.cancel': 'cancelled a run',
    'follower.pause': 'paused a run',
    'follower.resume': 'resumed a run',
    'follower.agent-end': 'ended an agent session',
    'follower.bulk-cancel': 'cancelled many runs',
    'follower.bulk-pause': 'paused many runs',
    'follower.bulk-resume': 'resumed many runs',
    'bulk-job.stop': 'stopped a bulk job',
    'follower.erase': 'requested an erasure',
    'follower.erased': 'erased a follower',
    'media.upload': 'uploaded a medium',
    'qrcode.create': 'created a QR code',
    'user.add': 'added a user',
    'user.change': 'changed a user',
    'user.remove': 'removed a user',
    'key.rotate': 'rotated the encryption key',
    'temporal.accept': 'accepted the Temporal namespace',
    'token.create': 'created a token',
    'token.revoke': 'revoked a token',
    'campaign.accounts': 'changed the accounts of a campaign',
    'campaign.restore': 'restored a campaign',
    'campaign.retire': 'retired a campaign',
    'campaign.rollback': 'rolled back a campaign',
    'campaign.test-send': 'sent a test',
    'campaign.export-open-ids': 'exported runs with openIds',
    'draft.delete': 'deleted a draft',
    'draft.save': 'saved a draft',
    hook: 'set a hook',
    'hook.secret': 'changed the secret of a hook',
    'hook.remove': 'removed a hook',
    webhook: 'set a webhook',
    'webhook.secret': 'changed the secret of a webhook',
    'webhook.remove': 'removed a webhook',
    'webhook.retry': 'repeated a webhook',
  },
)

export const ROLES: Labels = bilingual(
  { viewer: '只读', operator: '运营', admin: '管理员' },
  { viewer: 'viewer', operator: 'operator', admin: 'admin' },
)

/** The label in the reader's language, or the key if there is none. For components only. */
export function useLabel(labels: Labels): (key: string) => string {
  const { language } = useView()
  return (key) => labels[language][key] ?? key
}
