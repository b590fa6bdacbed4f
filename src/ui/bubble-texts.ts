import { bilingual } from './bilingual.ts'

/** The words of a chat's bubbles. */
export const BUBBLE_TEXTS = bilingual(
  {
    account: '公众号',
    follower: '粉丝',
    me: '我',
    image: '图片',
    voice: '语音',
    video: '视频',
    music: '音乐',
    miniprogram: '小程序',
    article: '图文消息',
    card: '卡券',
    location: '位置',
    link: '链接',
    file: '文件',
    seconds: (count: number) => `${count} 秒`,
  },
  {
    account: 'Account',
    follower: 'Follower',
    me: 'Me',
    image: 'picture',
    voice: 'voice',
    video: 'video',
    music: 'music',
    miniprogram: 'Mini Program',
    article: 'article',
    card: 'card',
    location: 'location',
    link: 'link',
    file: 'file',
    seconds: (count: number) => `${count} s`,
  },
)
export type BubbleTexts = (typeof BUBBLE_TEXTS)['zh']

/** The words of the meter of a grant. */
export const GRANT_TEXTS = bilingual(
  {
    subscribe: '关注额度',
    message: '消息额度',
    menu: '菜单额度',
    scan: '扫码额度',
    pay: '支付额度',
    used: (name: string, used: number, quota: number) => `${name}：共 ${quota} 条，已用 ${used} 条`,
  },
  {
    subscribe: 'Follow grant',
    message: 'Message grant',
    menu: 'Menu grant',
    scan: 'Scan grant',
    pay: 'Payment grant',
    used: (name: string, used: number, quota: number) => `${name}: ${used} of ${quota} cells used`,
  },
)
export type GrantTexts = (typeof GRANT_TEXTS)['zh']
