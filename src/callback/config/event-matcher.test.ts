import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { checkCampaign } from '../../campaign/check.ts'
import type { Campaign } from '../../campaign/model.ts'
import type { OptOut } from '../../campaign/opt-out.ts'
import type { FollowerEvent } from '../../run/follower-event.ts'
import type { ReceivingAccount } from '../callback-deps.ts'
import { AgentSessions } from './agent-sessions.ts'
import { EventMatcher } from './event-matcher.ts'

const T0 = Date.parse('2026-11-23T02:00:00Z')
const ACCOUNT: ReceivingAccount = {
  appId: 'wx1',
  name: '小店',
  mode: 'plain',
  token: 't',
  encodingAesKey: null,
  timezone: 'Asia/Shanghai',
  variables: { address: '南京路 1 号' },
  humanAgents: false,
}

function campaign(source: string): Campaign {
  const { campaign: found, issues } = checkCampaign(source)
  if (!found) throw new Error(issues.map((i) => `${i.path} ${i.message}`).join('\n'))
  return found
}

const typed = (text: string | null): FollowerEvent => ({
  kind: text === null ? 'image' : 'text',
  scene: 'message',
  text,
  qrScene: null,
  eventKey: null,
})
const tapped = (eventKey: string, text: string | null = null): FollowerEvent => ({
  kind: text === null ? 'click' : 'text',
  scene: 'menu',
  text,
  qrScene: null,
  eventKey,
})

function matching(sources: readonly string[], more: Partial<ReceivingAccount> = {}) {
  const live = sources.map((source) => ({ campaign: campaign(source), version: 1 }))
  const warnings: string[] = []
  const log = pino({ base: undefined }, { write: (line: string) => warnings.push(line) })
  const matcher = new EventMatcher(live, { mediaId: (_, type) => (type === 'image' ? 'M1' : null), log })
  const match = (event: FollowerEvent, hasAgent = false) =>
    matcher.match({ account: { ...ACCOUNT, ...more }, event, at: T0, hasAgent })
  const answer = (event: FollowerEvent, hasAgent = false) => {
    const { reply, answered } = match(event, hasAgent)
    return [reply?.kind === 'text' ? reply.content : (reply?.kind ?? null), answered ?? null]
  }
  return { match, answer, warnings }
}

const FAQ = `
id: faq
name: 问答
answers:
  - { on: { keywords: [人工] }, handover: true }
  - { on: [{ keywords: [1, 地址] }, { keywords: [怎么走], match: contains }, { keys: [faq-address, 'shop-*'] }], reply: { text: "{{ account.address }}" } }
  - { on: { keywords: [价格, 多少钱], match: contains }, reply: { image: { mediaId: M9 } } }
  - { on: { keywords: [说], match: prefix }, reply: { text: "您说：{{ reply.text }}" } }
  - { on: { event: message }, reply: { text: 没有听懂 } }
`

describe('the answers of a campaign', () => {
  it.each([
    ['a keyword, in any width and case', typed(' １ '), '南京路 1 号', 1],
    ['a part of a text', typed('请问怎么走啊'), '南京路 1 号', 1],
    ['a menu key', tapped('faq-address'), '南京路 1 号', 1],
    ['a tapped item of a menu message', tapped('shop-3', '三号店'), '南京路 1 号', 1],
    ['a picture as answer', typed('多少钱？'), 'image', 2],
    ['the first of two rows', typed('1 价格'), 'image', 2],
    ['a beginning', typed('说价'), '您说：说价', 3],
    ['anything else', typed('在吗'), '没有听懂', 4],
    ['a picture of the follower', typed(null), '没有听懂', 4],
    ['a text of 20 KB', typed('长'.repeat(7_000)), '没有听懂', 4],
  ])('are matched by %s', (_, event, reply, row) => {
    expect(matching([FAQ]).answer(event)).toEqual([reply, `faq@1/answers.${row}`])
  })

  it.each([
    ['an unknown menu key', tapped('other')],
    ['a follow', { ...typed(null), kind: 'subscribe', scene: 'subscribe' as const }],
    ['an unfollow', { ...typed(null), kind: 'unsubscribe', scene: null }],
  ])('are not for %s', (_, event) => {
    expect(matching([FAQ]).answer(event)).toEqual([null, null])
  })

  it('hand over where the account has human agents, and else the next row that fits counts', () => {
    const staffed = matching([FAQ], { humanAgents: true })
    expect(staffed.answer(typed('人工'))).toEqual(['transfer_customer_service', 'faq@1/answers.0'])
    expect(matching([FAQ]).answer(typed('人工'))).toEqual(['没有听懂', 'faq@1/answers.4'])
  })

  it('hand over a tapped menu message, which is a message, and no tap on the menu', () => {
    const file = `{ id: a, name: a, answers: [{ on: { keys: [help] }, handover: true }] }`
    const { answer } = matching([file], { humanAgents: true })
    expect(answer(tapped('help', '人工'))).toEqual(['transfer_customer_service', 'a@1/answers.0'])
    expect(answer(tapped('help'))).toEqual([null, null])
  })

  it('are tried by the priority of their campaigns, then by id, then in the order of the file', () => {
    const file = (id: string, priority: number) =>
      `{ id: ${id}, name: x, priority: ${priority}, answers: [{ on: { keywords: [a] }, reply: { text: ${id} } }] }`
    expect(matching([file('low', -1), file('b', 0), file('a', 0)]).answer(typed('A'))).toEqual([
      'a',
      'a@1/answers.0',
    ])
    expect(matching([file('low', -1), file('high', 9)]).answer(typed('a'))[0]).toBe('high')
  })

  it('are those of the account', () => {
    const file = (id: string, accounts: string) =>
      `{ id: ${id}, name: x, accounts: [${accounts}], answers: [{ on: { keywords: [a] }, reply: { text: ${id} } }] }`
    const files = [file('other', 'wx2'), file('both', 'wx2, wx1')]
    expect(matching(files).answer(typed('a'))[0]).toBe('both')
    expect(matching(files, { appId: 'wx2' }).answer(typed('a'))[0]).toBe('both')
    expect(matching(files, { appId: 'wx3' }).answer(typed('a'))[0]).toBeNull()
  })

  it('are omitted with a warning when the text of the follower makes them too long for WeChat', () => {
    const { answer, warnings } = matching([FAQ])
    expect(answer(typed(`说${'长'.repeat(400)}`))[1]).toBe('faq@1/answers.3')
    const echo = `{ id: a, name: a, answers: [{ on: { event: message }, reply: { text: "您说：{{ reply.text }}" } }] }`
    const long = matching([echo])
    expect(long.answer(typed('长'.repeat(7_000)))).toEqual([null, 'a@1/answers.0'])
    expect(long.warnings[0]).toContain('longer than 2048 bytes')
    expect(warnings).toEqual([])
  })

  it('are omitted with a warning when a medium is not at WeChat yet', () => {
    const voice = `{ id: a, name: a, answers: [{ on: { keywords: [a] }, reply: { voice: { file: sha256-${'0'.repeat(64)} } } }] }`
    const { answer, warnings } = matching([voice])
    expect(answer(typed('a'))).toEqual([null, 'a@1/answers.0'])
    expect(warnings[0]).toContain('is not at WeChat yet')
  })
})

describe('an answer to any message', () => {
  const waits = `
id: lead
name: 等待
entry: [{ event: message, keywords: [开始] }, { keywords: [课], match: prefix }]
steps:
  - id: ask
    wait: 1h
    branches:
      - { on: { keywords: [1, 资料] }, steps: [{ id: gift, send: { text: hi } }] }
exit: { keywords: [TD], resume: [KQ] }
`
  it.each(['开始', '课程', '资料', '１', 'td', 'kq', 'STOP', 'START'])(
    'is not given to %s, which a campaign or the account is for',
    (text) => {
      const optOut = { keywords: ['stop'], resume: ['start'] }
      expect(matching([FAQ.replace('1, 地址', '地址'), waits], { optOut }).answer(typed(text))[0]).toBeNull()
    },
  )

  it('is not given while a human agent has the session, and the other answers are', () => {
    const { answer } = matching([FAQ])
    expect(answer(typed('在吗'), true)).toEqual([null, null])
    expect(answer(typed('1'), true)[0]).toBe('南京路 1 号')
  })

  it('comes before the transfer of other messages to human agents', () => {
    expect(matching([FAQ], { humanAgents: true }).answer(typed('在吗'))[0]).toBe('没有听懂')
    const without = matching([waits], { humanAgents: true })
    expect(without.answer(typed('在吗'))[0]).toBe('transfer_customer_service')
    expect(without.answer(typed('资料'))[0]).toBeNull()
  })
})

describe('an entry and an answer that match one text', () => {
  const entry = (reply: string) =>
    `{ id: course, name: x, entry: { keywords: [1] }, ${reply} steps: [{ id: s, after: 1s, send: { text: hi } }] }`

  it('are answered by the reply of the entry if its run starts, and else by the answer', () => {
    const { match } = matching([FAQ, entry('reply: { text: 课程 },')])
    expect(match(typed('1'))).toMatchObject({
      start: { campaign: 'course' },
      reply: { content: '课程' },
      otherwise: { reply: { content: '南京路 1 号' }, answered: 'faq@1/answers.1' },
    })
  })

  it('are answered by the answer if the entry has no reply', () => {
    const found = matching([FAQ, entry('')]).match(typed('1'))
    expect(found).toMatchObject({ start: { campaign: 'course' }, reply: { content: '南京路 1 号' } })
    expect(found).not.toHaveProperty('otherwise')
  })
})

describe('the reply to an exit keyword', () => {
  const exits = (id: string, exit: string) =>
    `{ id: ${id}, name: x, entry: { event: subscribe }, exit: { ${exit} }, steps: [{ id: s, after: 1s, send: { text: hi } }] }`
  const optOut: OptOut = { keywords: ['TD'], reply: { text: '账号退订' } }
  const files = [
    exits('a', 'keywords: [TD]'),
    exits('b', 'keywords: [TD], reply: { text: b 退订 }'),
    exits('c', 'keywords: [TD], reply: { text: c 退订 }'),
  ]
  const replyFor = (account: Partial<ReceivingAccount>, of: string | null) =>
    matching(files, account).match(typed('td')).otherwise?.exit?.replyFor(of)

  it.each([
    [{}, 'c', 'c 退订'],
    [{}, 'a', 'b 退订'],
    [{}, null, 'b 退订'],
    [{ optOut }, 'c', 'c 退订'],
    [{ optOut }, 'a', '账号退订'],
    [{ optOut }, null, '账号退订'],
    [{ optOut: { ...optOut, keywords: ['其他'] } }, null, 'b 退订'],
  ])(
    'is that of the run, then of the account, then of the first campaign (%o, run of %s)',
    (account, of, text) => {
      expect(replyFor(account, of)).toEqual({ kind: 'text', content: text })
    },
  )

  it('needs no look into the store where there is none', () => {
    expect(matching([files[0] ?? '']).match(typed('td'))).toEqual({ start: null, reply: null })
  })
})

describe('the session of a human agent', () => {
  it('is known until it closes, at most for 30 minutes, and late events change nothing', () => {
    const sessions = new AgentSessions()
    sessions.change('f', true, T0)
    expect(sessions.isOpen('f', T0 + 29 * 60_000)).toBe(true)
    expect(sessions.isOpen('f', T0 + 30 * 60_000)).toBe(false)
    expect(sessions.isOpen('g', T0)).toBe(false)
    sessions.change('f', false, T0 - 1)
    expect(sessions.isOpen('f', T0)).toBe(true)
    sessions.change('f', false, T0 + 5)
    expect(sessions.isOpen('f', T0 + 6)).toBe(false)
  })
})

describe('a campaign of answers with thousands of keywords', () => {
  it('is checked and matched', () => {
    const rows = Array.from({ length: 100 }, (_, r) => {
      const words = Array.from({ length: 20 }, (_, w) => `词${r}x${w}`).join(', ')
      return `  - { on: { keywords: [${words}], match: contains }, reply: { text: 答案${r} } }`
    })
    const { answer } = matching([`id: big\nname: 大\nanswers:\n${rows.join('\n')}`])
    expect(answer(typed('请问词99x19是什么'))).toEqual(['答案99', 'big@1/answers.99'])
  })
})
