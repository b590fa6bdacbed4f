import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import { playCampaign } from './full-preview.ts'
import { readPlayedEvent } from './played-event.ts'
import { ENTRY_AT } from './preview.ts'
import { timelineText } from './timeline.ts'

function preview(source: string, ...texts: string[]): string[] {
  const { campaign, issues } = checkCampaign(source)
  if (!campaign) throw new Error(JSON.stringify(issues))
  const events = texts.map((text) => {
    const event = readPlayedEvent(text)
    if ('problem' in event) throw new Error(event.problem)
    return event
  })
  const timeline = playCampaign({ campaign, rules: 'wechat-2023', entryAt: ENTRY_AT, events })
  return timelineText(timeline, ENTRY_AT, () => '').map((line) => line.trim().replaceAll(/ +/g, ' '))
}

const ANSWERS = `
answers:
  - { on: { keywords: [人工] }, handover: true }
  - { on: [{ keywords: [价格], match: contains }, { keys: [price] }], reply: { text: "{{ account.price }} 元" } }
  - { on: { keywords: [图] }, reply: { image: { mediaId: M1 } } }
  - { on: { event: message }, reply: { text: 没有听懂 } }
`

describe('the preview of a campaign with answers', () => {
  it('shows the answer to each event of a campaign without a run', () => {
    const lines = preview(
      `id: faq\nname: 问答${ANSWERS}`,
      '30s message 请问价格',
      '40s click price',
      '50s message 图',
      '60s message 人工',
      '70s agent open',
      '80s message 在吗',
      '90s agent close',
      '100s message 在吗',
      '110s click other',
    )
    expect(lines).toEqual([
      '+30s ☎ message 请问价格',
      '+30s ↩ answers.1 text “{{ account.price }} 元”',
      '+40s ☎ click price',
      '+40s ↩ answers.1 text “{{ account.price }} 元”',
      '+50s ☎ message 图',
      '+50s ↩ answers.2 image “M1”',
      '+1m ☎ message 人工',
      '+1m ↩ answers.0 transfer_customer_service',
      '+1m10s ☎ agent open',
      '+1m20s ☎ message 在吗',
      '+1m30s ☎ agent close',
      '+1m40s ☎ message 在吗',
      '+1m40s ↩ answers.3 text “没有听懂”',
      '+1m50s ☎ click other',
    ])
  })

  it('shows the answers during a run and after it, and the replies to an opt-out', () => {
    const source = `
id: lead
name: 领取
entry: { event: subscribe }
steps:
  - { id: ask, wait: 1h, branches: [{ on: { keywords: [1] }, steps: [] }] }
  - { id: gift, after: 1h, send: { text: hi } }
exit: { keywords: [TD], reply: { text: 已退订 }, resume: [KQ], resumeReply: { text: 已恢复 } }${ANSWERS}`
    expect(
      preview(
        source,
        '10s message 价格',
        '20s message 1',
        '30s message KQ',
        '40s message td',
        '50s message kq',
        '60s message 啊',
      ),
    ).toEqual([
      '+0s ▶ subscribe',
      '+10s ☎ message 价格',
      '+10s ↩ answers.1 text “{{ account.price }} 元”',
      '+20s ☎ message 1',
      '+20s ◇ ask → a',
      '+30s ☎ message KQ',
      '+40s ☎ message td',
      '+40s ↩ exit.reply text “已退订”',
      '+40s ■ opted-out (left: gift)',
      '+50s ☎ message kq',
      '+50s ↩ exit.resumeReply text “已恢复”',
      '+1m ☎ message 啊',
      '+1m ↩ answers.3 text “没有听懂”',
    ])
  })
})
