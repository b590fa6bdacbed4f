import { bilingual } from './bilingual.ts'

/** The campaign that begins with no example. */
export const EMPTY_FILE_NAME = 'empty'

/** What each example of `campaigns/` shows, by the name of its file. */
export const GALLERY_TEXTS = bilingual(
  {
    welcome: { what: '关注后一分钟内引导回复，两天内按时发资料。', shows: '即时回复、定时步骤' },
    course: { what: '发送「课程」后开始三节课，30 天内不重复。', shows: '关键词入口、再次进入' },
    expo: { what: '只对展会二维码的新粉生效，优先于普通欢迎。', shows: '二维码入口、优先级' },
    shops: { what: '多个公众号共用一个活动，文字里是各自的名称。', shows: '多个公众号、变量' },
    'classic-series': { what: '关注后两天内发四条，仅供旧规则的公众号。', shows: '2021 年前的规则' },
    '01-lead-magnet': { what: '回复后发资料；没领的提醒一次，领了的第二天跟进。', shows: '等待回复、分支' },
    '02-three-day-course': {
      what: '每天打卡重新开启 48 小时，没打卡的当晚提醒。',
      shows: '多次等待、按时刻发送',
    },
    '03-shop-coupon': { what: '领券、到期前提醒，核销后不再打扰。', shows: 'A/B 对照、目标' },
    '04-expo-qr': { what: '两个展馆的二维码发不同资料，第二天约展台。', shows: '按来源分支、图片' },
    '05-clinic-visit': { what: '预约前一晚确认，两小时前提醒，之后回访。', shows: '外部数据、相对时间' },
    '06-recall': { what: '互动窗口关闭前两小时，发一条有内容的消息。', shows: '窗口关闭前入口' },
    '07-referral-poster': { what: '外部系统生成海报，按进度发消息。', shows: 'Webhook 与数据' },
    '08-paid-course-trial': { what: '试听、直播邀请，付款后立即停止。', shows: '链接点击、目标' },
    '09-after-sales': { what: '问清型号，发说明，没解决的转人工。', shows: '转人工、工作日' },
    '10-menu-faq': { what: '按关键词自动回复，不占用额度。', shows: '只有即时回复' },
  },
  {
    welcome: {
      what: 'Asks for a reply in the first minute, then sends for two days.',
      shows: 'passive reply, timed steps',
    },
    course: {
      what: 'Three lessons after a keyword, once in 30 days.',
      shows: 'keyword entry, re-entry',
    },
    expo: {
      what: 'For new followers by the codes of a fair, before the plain welcome.',
      shows: 'QR scene entry, priority',
    },
    shops: {
      what: 'One campaign for several accounts, each with its name.',
      shows: 'several accounts, variables',
    },
    'classic-series': {
      what: 'Four messages in two days, for accounts with the old rule.',
      shows: 'the rule before 2021',
    },
    '01-lead-magnet': {
      what: 'Sends a file after the reply, and follows up the next day.',
      shows: 'waiting for a reply, branches',
    },
    '02-three-day-course': {
      what: 'A daily check-in opens the next 48 hours.',
      shows: 'several waits, times of day',
    },
    '03-shop-coupon': {
      what: 'A coupon with reminders, which stop once it is used.',
      shows: 'A/B test, goal',
    },
    '04-expo-qr': {
      what: 'Other material for each hall, a visit on the next day.',
      shows: 'branches by scene, pictures',
    },
    '05-clinic-visit': {
      what: 'Confirms the evening before, reminds, asks afterwards.',
      shows: 'facts, times before a date',
    },
    '06-recall': {
      what: 'One message with content before the window closes.',
      shows: 'entry before the window closes',
    },
    '07-referral-poster': {
      what: 'Another system makes the poster; messages follow it.',
      shows: 'webhooks and facts',
    },
    '08-paid-course-trial': {
      what: 'A trial, an invitation, and a stop after the payment.',
      shows: 'link clicks, goal',
    },
    '09-after-sales': {
      what: 'Asks for the model, sends the manual, calls a human agent.',
      shows: 'human agents, working days',
    },
    '10-menu-faq': {
      what: 'Answers keywords without using any grant.',
      shows: 'passive replies only',
    },
  },
)
export type GalleryName = keyof (typeof GALLERY_TEXTS)['zh']
