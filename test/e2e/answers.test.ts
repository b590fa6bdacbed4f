import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { execute } from '../../src/store/sql.ts'
import { campaignYaml } from '../harness/api-harness.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'

/** The ways in which WeChat calls an account, and an account without agents. */
const ACCOUNTS = {
  wxanswers0000001: 'plain',
  wxanswers0000002: 'compatible',
  wxanswers0000003: 'security',
} as const
const [APP, , SEALED] = Object.keys(ACCOUNTS) as [string, string, string]

/** The FAQ of the gallery, with keywords, parts of texts, menu keys, agents, and an answer to anything else. */
const FAQ = `
id: faq
name: 常见问题自动回复
priority: -10
answers:
  - { on: { keywords: [人工, 人工客服, 转人工] }, handover: true }
  - { on: [{ keywords: [1, 地址, 在哪], match: exact }, { keywords: [怎么走, 地址], match: contains }, { keys: [faq-address] }], reply: { text: "{{ account.address }}，地铁 2 号线 B 口步行 5 分钟。" } }
  - { on: [{ keywords: [2] }, { keywords: [营业, 几点, 开门], match: contains }, { keys: [faq-hours] }], reply: { text: 每天 10:00–21:30，周一 12:00 开门。 } }
  - { on: [{ keywords: [3] }, { keywords: [价格, 多少钱, 收费], match: contains }], reply: { news: { title: 价格表, description: 2026 冬季, url: https://example.com/price, picurl: https://example.com/p.png } } }
  - { on: { keywords: [说], match: prefix }, reply: { text: "您说：{{ reply.text }}]]><Evil>" } }
  - { on: { event: message }, reply: { text: 没有听懂。 } }
`
const ADDRESS = '南京路 1 号，地铁 2 号线 B 口步行 5 分钟。'

let app: AppHarness
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  for (const [appId, mode] of Object.entries(ACCOUNTS))
    await app.addAccount({ appId, mode, humanAgents: true, variables: { address: '南京路 1 号' } })
  await app.publish(FAQ)
  await app.publish(
    campaignYaml(
      'lead',
      [
        '{ id: ask, wait: 1h, branches: [{ on: { keywords: [领取] }, steps: [{ id: gift, send: { text: 给您 } }] }] }',
      ],
      [
        'entry: { event: message, keywords: [资料] }',
        'exit: { keywords: [TD], reply: { text: 已退订 }, resume: [KQ], resumeReply: { text: 已恢复 } }',
      ],
    ),
  )
})
afterAll(() => app?.close())

const follower = (appId: string) => app.simulator.account(appId)
const shown = (pushed: { passiveReply: { msgType: string; fields: Record<string, unknown> } | null }) => {
  const { msgType, fields } = pushed.passiveReply ?? {}
  return msgType === 'text' ? fields?.Content : (msgType ?? null)
}
const say = async (appId: string, openId: string, text: string, times = 1) =>
  shown(await follower(appId).type(openId, text, { times }))

describe.each(Object.entries(ACCOUNTS))('the answers of a FAQ for %s in %s mode', (appId) => {
  it('are in the answer to the callback, and begin no run', async () => {
    expect(await say(appId, 'oAsks', '请问多少钱啊')).toBe('news')
    expect(await say(appId, 'oAsks', '2', 3)).toBe('每天 10:00–21:30，周一 12:00 开门。')
    expect(shown(await follower(appId).tapMenu('oAsks', 'faq-address'))).toBe(ADDRESS)
    expect(shown(await follower(appId).tapMessageMenu('oAsks', 'faq-hours', '时间'))).toContain('每天')
    expect(await say(appId, 'oAsks', '在吗')).toBe('没有听懂。')
    expect(await say(appId, 'oAsks', `说<b>&"]]>${'\u0007'}`)).toBe('您说：说<b>&"]]>]]><Evil>')
    expect(await say(appId, 'oAsks', '长'.repeat(7_000))).toBe('没有听懂。')
    expect(await say(appId, 'oAsks', '人工')).toBe('transfer_customer_service')
    expect(await runsByFollower(app.services.db, { appId, openId: 'oAsks' }, 1)).toEqual([])
  })
})

describe('an answer to any message', () => {
  it('is not for the keyword that a campaign waits for, and not for followers whom an agent serves', async () => {
    await follower(APP).follow('oLead')
    expect(await say(APP, 'oLead', '资料')).toBeNull()
    await app.waitForRun(APP, 'oLead', (r) => r.state.forks?.[0]?.state === 'waiting')
    expect(await say(APP, 'oLead', '在吗')).toBe('没有听懂。')
    expect(await say(APP, 'oLead', '领取')).toBeNull()
    await app.waitForRun(APP, 'oLead', (r) => r.outcome === 'completed')
    await follower(APP).agentJoins('oServed')
    expect(await say(APP, 'oServed', '1')).toBe(ADDRESS)
    expect(await say(APP, 'oServed', '你好')).toBe('transfer_customer_service')
    await follower(APP).agentLeaves('oServed')
    expect(await say(APP, 'oServed', '你好')).toBe('没有听懂。')
  })
})

describe('which answer was given', () => {
  it('is in the row of the callback, once for its duplicates', async () => {
    await say(SEALED, 'oCounted', '1', 3)
    await say(SEALED, 'oCounted', '1', 2)
    await say(SEALED, 'oCounted', '资料')
    const { rows } = await execute<{ answered: string | null; n: number }>(
      app.services.db,
      sql`SELECT answered, count(*)::int AS n FROM inbox WHERE open_id = 'oCounted' GROUP BY answered ORDER BY answered`,
    )
    expect(rows).toEqual([
      { answered: 'faq@1/answers.1', n: 2 },
      { answered: null, n: 1 },
    ])
  })
})

describe('a follower who opts out by a campaign and comes back', () => {
  it('gets both replies, and nothing starts in between', async () => {
    const openId = 'oLeaves'
    expect(await say(SEALED, openId, '资料')).toBeNull()
    await app.waitForRun(SEALED, openId, (r) => r.status === 'active')
    expect(await say(SEALED, openId, 'KQ')).toBeNull()
    expect(await say(SEALED, openId, 'TD', 2)).toBe('已退订')
    await app.waitForRun(SEALED, openId, (r) => r.outcome === 'opted-out')
    expect(await say(SEALED, openId, '资料')).toBeNull()
    expect(await say(SEALED, openId, 'kq', 2)).toBe('已恢复')
    expect(await runsByFollower(app.services.db, { appId: SEALED, openId }, 9)).toHaveLength(1)
    expect(await say(SEALED, openId, '资料')).toBeNull()
    await app.waitForRun(SEALED, openId, (r) => r.status === 'active')
  })
})

describe('the opt-out of an account', () => {
  it('ends runs of campaigns that do not have its keyword', async () => {
    const appId = 'wxanswers0000004'
    const optOut = {
      keywords: ['不要'],
      reply: { text: '{{ account.name }} 不再打扰' },
      resume: ['要'],
      resumeReply: { text: '欢迎回来' },
    }
    await app.addAccount({ appId, name: '小店', optOut })
    const openId = 'oLeaves'
    await say(appId, openId, '资料')
    await app.waitForRun(appId, openId, (r) => r.status === 'active')
    expect(await say(appId, openId, '不要。', 2)).toBe('小店 不再打扰')
    await app.waitForRun(appId, openId, (r) => r.outcome === 'opted-out')
    expect(await say(appId, openId, '不要')).toBe('小店 不再打扰')
    expect(await say(appId, openId, '要')).toBe('欢迎回来')
    expect(await say(appId, openId, '要')).toBe(null)
    await say(appId, openId, '资料')
    await app.waitForRun(appId, openId, (r) => r.status === 'active')
  })
})
