import type { z } from 'zod'

/**
 * What each field of a campaign file means: the text that editors show beside a field (by the JSON Schema), and the hint of an
 * error about it. In English and Chinese, each in one sentence.
 */

type Help<Name extends string> = Readonly<Record<Name, string>>

/** A shape whose fields have their descriptions. The types require one for each field. */
export function described<Shape extends Record<string, z.ZodType>>(
  help: Help<Extract<keyof Shape, string>>,
  shape: Shape,
): Shape {
  const fields = Object.entries(shape).map(([name, field]) => [
    name,
    field.describe(help[name as Extract<keyof Shape, string>]),
  ])
  return Object.fromEntries(fields) as Shape
}

export const CAMPAIGN_HELP = {
  id: 'Lowercase letters, digits and hyphens, at most 64. 活动的标识，小写字母、数字和连字符。',
  name: 'A display name of at most 100 characters. 显示名称。',
  accounts:
    'The AppIDs that the campaign serves; absent: every account. 适用的公众号 AppID，不写则全部适用。',
  priority:
    'Where several campaigns match one event, the highest begins, then the smallest id. 同时符合时，数值大的活动先开始。',
  entry: 'The event that begins a run, or a list of which any begins one. 粉丝怎样进入活动，可以是多种之一。',
  ifBusy:
    'skip: a follower in another run stays in it. replace: the new run takes its place. 粉丝正在别的活动中时：skip 不进入，replace 取代。',
  reply:
    'The passive reply to the entry, in the answer to its callback. It uses no grant. 进入时的被动回复，不占用客服消息条数。',
  steps: '1 to 100 steps and forks, from top to bottom. 步骤和分叉，从上往下。',
  answers:
    'Replies to keywords and menu taps that begin no run and use no grant. 关键词和菜单的自动回复，不开始活动，不占用条数。',
  goal: 'The event that counts as success, once for each run. 活动的目标，每次进入最多计一次。',
  quiet:
    "none, or { from: '22:00', to: '08:00' }: hours of the account's time zone without unasked messages. 免打扰时段。",
  spread:
    'How much later local times and ends of quiet hours may be for a follower: 5m by default, at most 1h. 定时消息按粉丝错开的最长时间。',
  spacing:
    'The least time between held steps that are released one after the other; 2s by default. 补发消息之间的最短间隔。',
  window:
    "The run ends this long after the follower's last interaction: 1m to 48h. 距粉丝最近一次互动多久后活动结束。",
  reentry:
    'always, never or { after: 30d }: whether a follower may enter again. 粉丝能否再次进入：always、never 或间隔多久。',
  exit: 'Keywords by which a follower leaves, and may come back. 退出和恢复的关键词。',
}

export const EXIT_HELP = {
  keywords: 'A follower who sends one of them gets nothing more. 退出的关键词，如 TD、退订。',
  reply: 'The passive reply to an exit keyword. 退出时的回复。',
  resume: 'A follower who sends one of them may enter campaigns again. 恢复的关键词。',
  resumeReply: 'The passive reply to a resume keyword. 恢复时的回复。',
}

export const GOAL_HELP = {
  on: 'The event that reaches the goal, or a list of which any does. 达成目标的事件。',
  end: 'true (default): the run ends when the goal is reached. 达成后是否立即结束。',
  value: 'The name of a fact that is a number and is added up. 累加金额的 fact 名称。',
  within:
    'How long after the run the goal still counts: 7d by default, at most 30d. 结束后多久内达成仍计入。',
}

export const QUIET_HELP = {
  from: 'When the quiet hours begin, like 22:00. 免打扰开始时间。',
  to: 'When they end, like 08:00; it may be on the next day. 免打扰结束时间，可以在第二天。',
}

export const REENTRY_HELP = { after: 'Counted from the start of the last run, like 30d. 距上次进入多久。' }

export const ANSWER_HELP = {
  on: 'The message or the tap that is answered, or a list of which any is. 什么消息或点击得到这个回复。',
  reply: 'The passive reply. 回复内容。',
  handover: 'true: the message goes to a human agent of the account. 转给多客服。',
}

export const EVENT_HELP = {
  event:
    'subscribe, scan, click, message, tag, fact, link, api or window-closing; a filter alone names its event. 事件类型，有筛选条件时可不写。',
  qrScenes: 'Scenes of QR codes, exact or with * at the end. 二维码场景值，末尾可用 *。',
  keys: 'Menu keys, or ids of tapped items, exact or with * at the end. 菜单 key，末尾可用 *。',
  keywords: 'Texts that the message is compared with, see match. 关键词，比较方式见 match。',
  match:
    'exact (default): the whole text. prefix: its beginning. contains: any part. 全匹配 exact、开头 prefix、包含 contains。',
  tags: 'Tags that this product gives, any of them. 本产品打上的标签，任意一个。',
  links: 'Names of short links, as in the filter track, any of them. 短链接名称，任意一个。',
  facts: 'Facts and what they must be: a value, a list, { atLeast: n } or { atMost: n }. 事实及其要求的值。',
  before:
    'Of window-closing: how long before the last message grant ends, 10m to 24h. 距 48 小时窗口关闭还有多久。',
}

export const LEAST_HELP = { atLeast: 'A number of at least this. 不小于。' }
export const MOST_HELP = { atMost: 'A number of at most this. 不大于。' }
export const FACT_TIME_HELP = {
  fact: 'The name of a fact with a time: ISO 8601 with an offset, or milliseconds. 带时间的事实名称。',
}

export const CONDITION_HELP = {
  replied: 'true: the follower has sent a message in this run. 粉丝在本次活动中发过消息。',
  tag: 'A tag of the follower at WeChat, or a list of which any fits. 粉丝在微信的标签。',
  qrScene: 'The scene of the QR code, with * at the end for a beginning. 二维码场景值，末尾可用 *。',
  subscribeScene: "WeChat's source of the follow, like ADD_SCENE_QR_CODE. 关注来源。",
  facts: 'Facts and what they must be: a value, a list, { atLeast: n } or { atMost: n }. 事实及其要求的值。',
  entry: 'The event that began this run. 本次进入的方式。',
  campaign:
    'How the last run of another campaign ended: completed, goal-reached, entered or never. 粉丝在其他活动中的结果。',
  not: 'A condition that must not hold. 条件不成立。',
}

const TIMING_HELP = {
  after: 'The delay after since: a whole number and s, m, h or d. 相对 since 的延迟，如 20s、22h。',
  at: "A time of day in the account's time zone, like 09:00. 当地时间，如 09:00。",
  day: 'With at: the calendar day counted from since, 0 the same day, 1 the next, -1 the day before. 与 at 合用：当天 0、次日 1、前一天 -1。',
  days: 'With at: workdays, weekend or a list such as [mon, wed]. 与 at 合用：工作日、周末或星期几。',
  since:
    'What the time counts from: previous (default), entry, reply, the id of a step or fork above, or { fact: name }. 从何时算起。',
}

export const STEP_HELP = {
  id: 'Once in a file: lowercase letters, digits and hyphens. 步骤标识，文件中唯一。',
  ...TIMING_HELP,
  before: 'With since: { fact: name }: so long before that time. 在 fact 的时间之前多久。',
  ifLate:
    'hold (default): goes as soon as it can. skip: it is left out. 不能按时发送时：hold 补发，skip 跳过。',
  when: 'replied, not-replied, or conditions that must all hold when the step could be sent. 发送时必须成立的条件。',
  anytime: "true: goes in quiet hours and over the account's cap too. 免打扰时段和达到账号发送上限时也发送。",
  typing: '1s to 5s of 对方正在输入 before the first message. 发送前显示“对方正在输入”。',
  send: 'A message, or a list of up to five. 一条消息，或最多五条的列表。',
  tag: 'Tags that the follower gets at WeChat. 打上的标签。',
  untag: 'Tags that the follower loses at WeChat. 去掉的标签。',
  set: 'Facts that are set, with their values. 写入的事实。',
  webhook: 'The name of a receiver that is told of the step. 通知的 webhook 名称。',
  handover: 'The account of the human agent who takes over, like anna@account. 转接的客服账号。',
  go: 'The campaign that the follower enters, while this run ends. 结束本活动并进入的活动。',
}

export const FORK_HELP = {
  id: 'Once in a file: lowercase letters, digits and hyphens. 分叉标识，文件中唯一。',
  ...TIMING_HELP,
  wait: 'With branches by on: how long the answer is waited for. 等待回答多久，只用于 on 分支。',
  meanwhile: 'With branches by on: steps that are sent while nobody has answered. 等待期间发送的步骤。',
  branches:
    '1 to 10 branches, all by on, all by when or all by share; the first that fits is taken. 分支，取第一个符合的。',
  else: 'The items for a follower who takes no branch. 没有走任何分支的粉丝。',
}

export const BRANCH_HELP = {
  name: 'For people and statistics; by default a, b, c and so on. 分支名称。',
  on: 'The event that takes the branch, or a list of which any does. 走这个分支的事件。',
  when: 'The condition that takes the branch. 走这个分支的条件。',
  share: 'The percent of the followers that take the branch. 走这个分支的百分比。',
  steps: 'The items of the branch; end as the last one ends the run. 分支内的步骤，最后写 end 则结束。',
}

export const MEDIUM_HELP = {
  file: 'The name of a file beside the campaign file, or the id of an upload. 同目录的文件名或已上传素材的 id。',
  mediaId: "WeChat's own media id, of one account. 微信素材 media_id，只属于一个账号。",
}

export const MESSAGE_HELP = {
  text: 'At most 2,048 bytes of UTF-8; a Liquid template. 文本，最多 2048 字节，可用变量。',
  image: 'A PNG, JPEG or GIF of at most 10 MB. 图片。',
  voice: 'An AMR or MP3 of at most 2 MB and 60 s. 语音。',
  video: 'An MP4 of at most 10 MB, with a thumb. 视频，需要封面。',
  music: 'Music with its address and a thumb. 音乐。',
  news: 'A card with title, description, address and picture. 图文卡片。',
  menu: 'A question with items to tap. A tap is no typed message. 点选菜单，点选不等于文字消息。',
  miniprogram: 'A card of a mini program. 小程序卡片。',
  article: 'An article published at WeChat. 已发布的图文。',
  card: 'A coupon of WeChat. 卡券。',
  as: 'The customer-service account that the message comes from. 以哪个客服账号发送。',
}

export const VIDEO_HELP = {
  ...MEDIUM_HELP,
  thumb: 'A JPEG of at most 64 KB. 封面。',
  title: 'At most 64 characters. 标题。',
  description: 'At most 512 characters. 描述。',
}

export const MUSIC_HELP = {
  title: 'At most 64 characters. 标题。',
  description: 'At most 512 characters. 描述。',
  url: 'The address of the music. 音乐地址。',
  hqUrl: 'An address of better quality. 高品质音乐地址。',
  thumb: 'A JPEG of at most 64 KB. 封面。',
}

export const NEWS_HELP = {
  title: 'At most 64 characters; a template. 标题，可用变量。',
  description: 'At most 512 characters; a template. 描述，可用变量。',
  url: 'The address that opens; with track it is counted. 打开的网址，可用 track 统计。',
  picurl: 'The address of the picture. 图片网址。',
}

export const MENU_HELP = {
  head: 'The question. 开头。',
  items: '1 to 10 items to tap. 1 到 10 个选项。',
  tail: 'A text below. 结尾。',
}

export const MENU_ITEM_HELP = {
  id: 'What `keys` compares with. 选项 id。',
  text: 'What the follower sees. 选项文字。',
}

export const MINIPROGRAM_HELP = {
  title: 'At most 64 characters. 标题。',
  appId: 'The AppID of the mini program, linked to the account. 小程序 AppID，须与公众号关联。',
  path: 'The page, like pages/index. 页面路径。',
  thumb: 'A JPEG of at most 64 KB. 封面。',
}

export const ID_HELP = { id: "WeChat's id. 微信的 id。" }
