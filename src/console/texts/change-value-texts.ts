import type { Bilingual } from './bilingual.ts'

interface ChangeValueTexts {
  /** Words for values by the last part of their field. */
  values: Readonly<Record<string, Readonly<Record<string, string>>>>
  kinds: Readonly<Record<string, string>>
  separator: string
}

/** The values of campaign files in words. */
export const CHANGE_VALUE_TEXTS: Bilingual<ChangeValueTexts> = {
  zh: {
    values: {
      since: { previous: '上一步之后', entry: '进入活动之后', reply: '首次回复之后' },
      ifLate: { hold: '等额度', skip: '跳过' },
      when: { replied: '已回复的', 'not-replied': '没回复的' },
      days: { workdays: '工作日', weekend: '周末' },
      ifBusy: { skip: '不进入', replace: '取代那个活动' },
      reentry: { always: '每次都可以', never: '只进入一次' },
    },
    kinds: {
      image: '图片',
      voice: '语音',
      video: '视频',
      music: '音乐',
      news: '图文',
      menu: '点选菜单',
      miniprogram: '小程序',
      article: '已发布的文章',
      card: '卡券',
    },
    separator: '、',
  },
  en: {
    values: {
      since: { previous: 'the step before', entry: 'the entry', reply: 'the first reply' },
      ifLate: { hold: 'wait for a grant', skip: 'skip' },
      when: { replied: 'who replied', 'not-replied': 'who did not reply' },
      days: { workdays: 'workdays', weekend: 'weekend' },
      ifBusy: { skip: 'does not enter', replace: 'replaces that campaign' },
      reentry: { always: 'every time', never: 'once only' },
    },
    kinds: {
      image: 'image',
      voice: 'voice',
      video: 'video',
      music: 'music',
      news: 'article link',
      menu: 'menu',
      miniprogram: 'mini program',
      article: 'published article',
      card: 'card',
    },
    separator: ', ',
  },
}
