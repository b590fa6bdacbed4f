/** Chinese labels for the values of the API. */
export const STATE_LABELS: Record<string, string> = {
  active: '正常',
  paused: '已暂停',
  'needs-authorisation': '需重新授权',
  blocked: '已被微信封禁',
  'quota-exhausted': '今日调用次数已用完',
  disabled: '已停用',
  live: '进行中',
  broken: '无法使用',
  ended: '已结束',
  pending: '等待',
  waiting: '等待回应',
  asking: '查询中',
  taken: '已决定',
  closed: '已关闭',
  held: '暂缓',
  sending: '发送中',
  sent: '已发送',
  skipped: '已跳过',
  unknown: '结果未知',
}

export const OUTCOME_LABELS: Record<string, string> = {
  completed: '全部完成',
  unsubscribed: '已取消关注',
  'window-closed': '互动窗口已关闭',
  cancelled: '已取消',
  'goal-reached': '达成目标',
  'opted-out': '已退订',
  'account-stopped': '账号已停用',
  terminated: '在 Temporal 中被终止',
}

export const REASON_LABELS: Record<string, string> = {
  'no-grant': '没有可用额度',
  'no-reply': '粉丝没有回复',
  'not-replied': '粉丝没有回复',
  replied: '粉丝已回复',
  late: '已过时限',
  paused: '已暂停',
  'human-agent': '人工客服接待中',
  'account-stopped': '账号已停用',
  'campaign-paused': '活动已暂停',
  'follower-paused': '培育已暂停',
  unfollowed: '已取消关注',
  'window-closed': '互动窗口已关闭',
  'goal-reached': '已达成目标',
  capped: '已达账号的发送上限',
  condition: '不符合条件',
  'depends-on-follower': '取决于粉丝的标签或来源',
  'attributes-unknown': '无法获取粉丝资料',
  'tag-refused': '微信拒绝打标签',
  'tag-failed': '打标签失败',
  'empty-text': '内容为空，没有发送',
  'message-gone': '活动版本无法读取，消息内容缺失',
  'medium-unusable': '素材不是微信支持的格式',
  'medium-refused': '微信不接受该素材',
  'medium-bad-answer': '上传素材时，微信返回了无法识别的内容',
  'bad-answer': '微信返回了无法识别的内容',
  fault: '程序出错，请查看日志',
  'window-over': '微信：超过回复时限 (45015)',
  'quota-used': '微信：发送条数已用完 (45047)',
}

export const ROLE_LABELS: Record<string, string> = {
  viewer: '只读 viewer',
  operator: '运营 operator',
  admin: '管理员 admin',
}

export const ACTION_LABELS: Record<string, string> = {
  'session.begin': '登录',
  'session.end': '退出',
  'second-factor.set': '启用两步验证',
  'second-factor.remove': '停用两步验证',
  'user.second-factor-reset': '重置两步验证',
  'codec.decode': '解密查看',
  'account.add': '添加账号',
  'account.change': '修改账号',
  'account.remove': '移除账号',
  'account.verify': '验证账号',
  'menu.put': '设置菜单',
  'menu.remove': '删除菜单',
  'campaign.publish': '发布活动',
  'campaign.delete': '删除活动',
  'campaign.pause': '暂停活动',
  'campaign.resume': '恢复活动',
  'follower.cancel': '取消培育',
  'follower.pause': '暂停培育',
  'follower.resume': '恢复培育',
  'follower.agent-end': '结束人工会话',
  'follower.erase': '请求删除粉丝数据',
  'follower.erased': '删除粉丝数据',
  'media.upload': '上传素材',
  'qrcode.create': '生成二维码',
  'user.add': '添加用户',
  'user.change': '修改用户',
  'user.remove': '移除用户',
  'key.rotate': '更换加密密钥',
  'temporal.accept': '接受 Temporal 命名空间',
  'token.create': '创建令牌',
  'token.revoke': '吊销令牌',
}

export const SCENE_LABELS: Record<string, string> = {
  subscribe: '关注',
  menu: '菜单',
  scan: '扫码',
  message: '消息',
  pay: '支付',
}

/** The Chinese label, or the key if there is none. */
export function labelFor(labels: Record<string, string>, key: string): string {
  return labels[key] ?? key
}
