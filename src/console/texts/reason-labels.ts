import { type Bilingual, bilingual, type Language } from './bilingual.ts'
import { REASON_TEXTS } from './reason-texts.ts'

type Labels = Bilingual<Readonly<Record<string, string>>>

export const OUTCOMES: Labels = bilingual(
  {
    completed: '全部完成',
    unsubscribed: '已取消关注',
    'window-closed': '互动窗口已关闭',
    cancelled: '已取消',
    'goal-reached': '达成目标',
    'opted-out': '已退订',
    'account-stopped': '账号已停用',
    terminated: '在 Temporal 中被终止',
  },
  {
    completed: 'completed',
    unsubscribed: 'unfollowed',
    'window-closed': 'window closed',
    cancelled: 'cancelled',
    'goal-reached': 'goal reached',
    'opted-out': 'opted out',
    'account-stopped': 'account stopped',
    terminated: 'terminated in Temporal',
  },
)

export const REASONS: Labels = bilingual(
  {
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
    capped: '已达公众号的频次上限',
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
    'quiet-hours': '静默时段',
    'other-branch': '走了其他分支',
    'wait-over': '等待已结束',
    'opted-out': '已退订',
    completed: '培育已完成',
    cancelled: '培育已取消',
  },
  {
    'no-grant': 'WeChat allows no message now',
    'no-reply': 'no reply',
    'not-replied': 'no reply',
    replied: 'the follower replied',
    late: 'too late',
    paused: 'paused',
    'human-agent': 'a human agent is talking',
    'account-stopped': 'account stopped',
    'campaign-paused': 'campaign paused',
    'follower-paused': 'follower paused',
    unfollowed: 'unfollowed',
    'window-closed': 'window closed',
    'goal-reached': 'goal reached',
    capped: 'the cap of the account is reached',
    condition: 'condition not met',
    'depends-on-follower': 'depends on the tags or the source of the follower',
    'attributes-unknown': 'details of the follower unknown',
    'tag-refused': 'WeChat refused the tag',
    'tag-failed': 'tagging failed',
    'empty-text': 'empty text, not sent',
    'message-gone': 'the version cannot be read',
    'medium-unusable': 'WeChat does not support this format',
    'medium-refused': 'WeChat refused the medium',
    'medium-bad-answer': 'unexpected answer of WeChat to the upload',
    'bad-answer': 'unexpected answer of WeChat',
    fault: 'internal error: see the log',
    'window-over': 'WeChat: response time over (45015)',
    'quota-used': 'WeChat: reply limit reached (45047)',
    'quiet-hours': 'quiet hours',
    'other-branch': 'another branch was taken',
    'wait-over': 'the wait was over',
    'opted-out': 'opted out',
    completed: 'run completed',
    cancelled: 'run cancelled',
  },
)

/** The words for a reason of a skipped or held step: its kind, how the run ended, or what WeChat answered. */
export function reasonWords(reason: string, language: Language): string {
  if (/^-?\d+$/.test(reason)) return REASON_TEXTS[language].refused(reason)
  const kind = reason.split(':', 1)[0] ?? ''
  return REASONS[language][kind] ?? OUTCOMES[language][kind] ?? reason
}
