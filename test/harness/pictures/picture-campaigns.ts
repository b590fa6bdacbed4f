/** The campaigns of the pictures that are not in the gallery: several versions of one, and drafts. */

const HEAD = (appId: string) => `# 新粉欢迎：关注后一分钟内请粉丝回复；回复后 48 小时，送手册、提醒、优惠。
id: welcome
name: 新粉欢迎
accounts: [${appId}]
entry: { event: subscribe }
reply: { text: "欢迎关注{{ account.name }}！回复 1 领取《七天共读手册》，回复 2 看本周书单。" }
steps:
`

const ASK = `  - id: ask
    wait: 47h # 等粉丝回复
    meanwhile:
      - { id: hint, after: 20s, ifLate: skip, send: { text: 手册给你留着，回复 1 就能看。 } }
    branches:
      - name: 领手册
        on: { keywords: [1, 手册, 领取] }
        steps:
          - id: guide
            typing: 2s
            send:
              news:
                title: 七天共读手册
                description: 每天二十分钟，七天读完一本书
                url: "{{ 'https://example.com/guide' | track: 'guide' }}"
                picurl: https://example.com/guide.png
            tag: [领过手册]
      - name: 看书单
        on: { keywords: [2, 书单] }
        steps:
          - { id: list, send: { text: "本周书单：{{ 'https://example.com/list' | track: 'guide' }}" } }
      - name: 其他留言
        on: { event: message }
        steps:
          - { id: thanks, send: { text: 收到你的留言，稍后有人回复。回复 1 也可以先领手册。 } }
    else: [end]
`
const TIP = `  - { id: tip, after: 10m, send: { text: 小提示：第一章最难读，可以先看目录。有问题直接回复。 } }
`
const EVENING = `  - { id: evening, day: 1, at: "20:00", send: { text: 昨天的手册看到第几天了？今晚八点一起读二十分钟。 } }
`
const OFFER = `  - id: offer
    branches:
      - name: 满 39 减 10
        share: 50
        steps:
          - { id: offer-coupon, day: 1, at: "09:00", send: { text: "共读同款《小王子》满 39 减 10，今天有效：https://example.com/a" } }
      - name: 第二本半价
        share: 50
        steps:
          - { id: offer-half, day: 1, at: "09:00", send: { text: "共读同款《小王子》第二本半价，今天有效：https://example.com/b" } }
    else: []
`
const LAST = `  - { id: last, after: 46h, since: ask, ifLate: skip, send: { text: 七天共读明天开营，回复「报名」留个位子。 } }
`
const TAIL = `goal: { on: { links: [guide] }, end: false } # 点开手册算达成
quiet: { from: "22:30", to: "08:00" }
exit: { keywords: [TD, 退订] }
`

/** The published versions of the campaign `welcome`, the oldest first. */
export const welcomeVersions = (appId: string): readonly string[] => [
  HEAD(appId) + ASK + TAIL,
  HEAD(appId) + ASK + EVENING + LAST + TAIL,
  HEAD(appId) + ASK + TIP + EVENING + OFFER + LAST + TAIL,
]

/** A draft of `welcome` with warnings: one message more than a reply pays for, and one in quiet hours. */
export const welcomeDraft = (appId: string): string =>
  HEAD(appId) +
  ASK +
  TIP.replace('有问题直接回复。', '有问题直接回复，今晚有人在。') +
  EVENING +
  OFFER +
  LAST +
  `  - { id: camp, after: 30m, send: { text: "共读营报名页：https://example.com/camp" } }
` +
  TAIL

/** A draft that was never published. */
export const springDraft = (appId: string): string => `id: spring-reading
name: 春日共读营
accounts: [${appId}]
entry: { event: message, keywords: [共读营] }
reply: { text: 收到！报名信息马上发给你。 }
steps:
  - { id: place, after: 0s, send: { text: "名额还有：{{ fact.places }} 个" } }
`
