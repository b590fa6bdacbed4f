/** The languages of people who read campaigns. */
export type Language = 'zh' | 'en'

/** A name in both languages, as forms show it. */
type FieldName = readonly [zh: string, en: string]

/** The fields of a campaign file as forms name them. */
const NAMES: Readonly<Record<string, FieldName>> = {
  id: ['标识', 'id'],
  name: ['名称', 'name'],
  accounts: ['公众号', 'account'],
  priority: ['优先级', 'priority'],
  entry: ['入口', 'entry'],
  ifBusy: ['正在别的活动中时', 'while in another run'],
  reply: ['即时回复', 'reply'],
  steps: ['步骤', 'step'],
  answers: ['自动回复', 'answer'],
  goal: ['目标', 'goal'],
  quiet: ['静默时段', 'quiet hours'],
  spread: ['错开时间', 'spread'],
  spacing: ['补发间隔', 'spacing'],
  window: ['互动窗口', 'window'],
  reentry: ['再次进入', 're-entry'],
  exit: ['退订', 'opt-out'],
  optOut: ['退订', 'opt-out'],
  keywords: ['关键词', 'keyword'],
  resume: ['恢复词', 'resume word'],
  resumeReply: ['恢复时的回复', 'reply to a resume word'],
  on: ['事件', 'event'],
  end: ['达成后结束', 'ends the run'],
  value: ['累加的事实', 'added fact'],
  within: ['计入期限', 'counts within'],
  from: ['开始时间', 'from'],
  to: ['结束时间', 'to'],
  event: ['事件', 'event'],
  qrScenes: ['二维码来源', 'QR scene'],
  keys: ['菜单 key', 'menu key'],
  match: ['匹配方式', 'match'],
  tags: ['标签', 'tag'],
  links: ['链接', 'link'],
  facts: ['事实', 'fact'],
  fact: ['事实', 'fact'],
  before: ['提前', 'before'],
  atLeast: ['不小于', 'at least'],
  atMost: ['不大于', 'at most'],
  replied: ['已回复', 'replied'],
  tag: ['打标签', 'tag'],
  untag: ['去标签', 'remove tag'],
  qrScene: ['二维码来源', 'QR scene'],
  subscribeScene: ['关注来源', 'source of the follow'],
  campaign: ['活动', 'campaign'],
  not: ['条件不成立', 'not'],
  after: ['延迟', 'delay'],
  at: ['时刻', 'time of day'],
  day: ['第几天', 'day'],
  days: ['星期', 'weekdays'],
  since: ['从何时算起', 'counted from'],
  ifLate: ['不能按时发送时', 'if late'],
  when: ['条件', 'condition'],
  anytime: ['不受静默时段限制', 'at any time'],
  typing: ['正在输入', 'typing'],
  send: ['消息', 'message'],
  set: ['写入事实', 'set facts'],
  webhook: ['通知', 'webhook'],
  handover: ['人工接待', 'human agent'],
  go: ['进入活动', 'go to campaign'],
  wait: ['等待时长', 'wait'],
  meanwhile: ['等待期间', 'meanwhile'],
  branches: ['分支', 'branch'],
  else: ['其余粉丝', 'everyone else'],
  share: ['占比', 'share'],
  file: ['素材', 'file'],
  mediaId: ['微信素材 ID', 'media_id'],
  text: ['文字', 'text'],
  image: ['图片', 'image'],
  voice: ['语音', 'voice'],
  video: ['视频', 'video'],
  music: ['音乐', 'music'],
  news: ['图文', 'link card'],
  menu: ['点选菜单', 'menu message'],
  miniprogram: ['小程序卡片', 'mini program'],
  article: ['已发布的文章', 'article'],
  card: ['卡券', 'coupon'],
  as: ['客服账号', 'sent as'],
  thumb: ['封面', 'thumb'],
  title: ['标题', 'title'],
  description: ['描述', 'description'],
  url: ['网址', 'address'],
  picurl: ['图片网址', 'picture address'],
  hqUrl: ['高品质音乐网址', 'high-quality address'],
  head: ['开头', 'head'],
  items: ['选项', 'item'],
  tail: ['结尾', 'tail'],
  appId: ['AppID', 'AppID'],
  path: ['页面路径', 'page'],
}

/** The name of a field in a form; undefined for a field that no campaign has. */
export function fieldName(field: string, language: Language): string | undefined {
  return Object.hasOwn(NAMES, field) ? NAMES[field]?.[language === 'zh' ? 0 : 1] : undefined
}

/**
 * The place of an issue as an operator sees it in a form: `步骤 3 · 延迟` for `steps.2.after`. '' for the whole file.
 * @param nameOf the names of the fields
 */
export function placeName(
  path: string,
  language: Language,
  nameOf: (field: string, language: Language) => string | undefined = fieldName,
): string {
  const places: string[] = []
  for (const part of path === '' ? [] : path.split('.')) {
    const list = places.at(-1)
    const isNumber = /^\d+$/.test(part)
    if (isNumber && list !== undefined) places.splice(-1, 1, `${list} ${Number(part) + 1}`)
    else places.push(isNumber ? String(Number(part) + 1) : (nameOf(part, language) ?? part))
  }
  const [first = '', ...others] = places
  const title = language === 'en' ? first.charAt(0).toUpperCase() + first.slice(1) : first
  return [title, ...others].join(' · ')
}
