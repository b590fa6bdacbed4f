import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import { campaignsReplaced } from './conflict-warnings.ts'

const file = (id: string, lines: string, more = '') =>
  `id: ${id}\nname: A\n${lines}\n${more}steps:\n  - { id: s, send: { text: hi } }\n`
const asks = (id: string, lines: string, on: string) =>
  `id: ${id}\nname: A\n${lines}\nsteps:\n  - id: ask\n    wait: 1h\n    branches: [{ on: ${on}, steps: [{ id: s, send: { text: hi } }] }]\n`
const campaignOf = (source: string) => {
  const { campaign, issues } = checkCampaign(source)
  if (!campaign) throw new Error(JSON.stringify(issues))
  return campaign
}
const warnings = (source: string, ...others: string[]) =>
  checkCampaign(source, { others: others.map(campaignOf) })
    .warnings.filter((w) => w.rule === 'several-campaigns' || w.rule === 'answers')
    .map((w) => `${w.path}: ${w.message}`)

const GIFT = file('gift', "entry: { event: message, keywords: ['1', 资料] }")

describe('campaigns of one account', () => {
  it('have a warning for an answer that begins another', () => {
    const ask = asks('ask', 'entry: { event: subscribe }', "{ keywords: ['１', 其他] }")
    expect(warnings(ask, GIFT)).toEqual([
      'steps.0.branches.0.on.keywords.0: １ also begins campaign gift on this account; while a follower is in a run it is only an answer',
    ])
    expect(warnings(GIFT, ask)).toEqual([
      'entry.keywords.0: 1 is also an answer that campaign ask waits for on this account; while a follower is in that run it begins nothing',
    ])
  })

  it('have a warning for a condition on a campaign that is not there', () => {
    const asks = (name: string) =>
      file('asks', 'entry: { event: subscribe }').replace(
        '{ id: s,',
        `{ id: s, when: { not: { campaign: { ${name}: completed } } },`,
      )
    expect(warnings(asks('gfit'), GIFT)).toEqual([
      'steps.0.when.not.campaign.gfit: there is no campaign gfit: nobody has entered it',
    ])
    expect(warnings(asks('gift'), GIFT)).toEqual([])
    expect(warnings(asks('gfit'))).toEqual([])
  })

  it('have a warning for a word that begins both, also as a part', () => {
    const also = file('also', 'entry: { event: message, keywords: [料], match: contains }', 'priority: 1\n')
    expect(warnings(GIFT, also)).toEqual([
      'entry.keywords.1: 资料 begins campaign also too on this account: only also starts, by priority and id',
    ])
  })

  it('have a warning for an entry that another campaign always takes', () => {
    const all = file('all', 'entry: { event: subscribe }')
    const expo = (priority: number) =>
      file('expo', 'entry: { event: subscribe, qrScenes: [expo*] }', `priority: ${priority}\n`)
    expect(warnings(expo(0), all)).toEqual([
      'entry: never begins by subscribe: campaign all goes first, and every subscribe begins it',
    ])
    expect(warnings(expo(1), all)).toEqual([])
    expect(warnings(all, expo(1))).toEqual([])
  })

  it('are replaced by one that goes first and takes each of their events', () => {
    const replaced = (source: string, ...others: string[]) =>
      campaignsReplaced(campaignOf(source), others.map(campaignOf)).map(({ id }) => id)
    const follow = (id: string, more = '') => file(id, 'entry: { event: subscribe }', more)
    const expo = file('expo', 'entry: { event: subscribe, qrScenes: [expo*] }')
    const elsewhere = file('other', 'accounts: [wx2]\nentry: { event: subscribe }')
    expect(replaced(follow('a'), follow('b'), expo, GIFT)).toEqual(['b', 'expo'])
    expect(replaced(follow('b'), follow('a'), follow('b'))).toEqual([])
    expect(replaced(follow('b', 'priority: 1\n'), follow('a'))).toEqual(['a'])
    expect(replaced(file('a', 'accounts: [wx1]\nentry: { event: subscribe }'), elsewhere)).toEqual([])
    expect(replaced(file('a', 'entry: { event: subscribe, qrScenes: [x] }'), follow('b'))).toEqual([])
  })

  it('have none when they serve different accounts, and none with an earlier version of themselves', () => {
    const first = file('first', 'accounts: [wx1]\nentry: { event: message, keywords: [a] }')
    expect(
      warnings(file('next', 'accounts: [wx2]\nentry: { event: message, keywords: [a] }'), first),
    ).toEqual([])
    expect(warnings(first, first)).toEqual([])
  })

  it('have a warning for a catch-all answer beside a wait for any message', () => {
    const faq =
      'id: faq\nname: A\nanswers:\n  - { on: { keywords: [a] }, reply: { text: a } }\n  - { on: { event: message }, reply: { text: b } }\n'
    const any = asks('welcome', 'entry: { event: subscribe }', '{ event: message }')
    expect(warnings(faq, any)).toEqual([
      'answers.1.on: welcome waits for any message: its followers get this answer too',
    ])
    expect(warnings(faq, asks('words', 'entry: { event: subscribe }', '{ keywords: [b] }'))).toEqual([])
  })
})
