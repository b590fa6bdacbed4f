import { describe, expect, it } from 'vitest'
import { checkCampaign } from './check.ts'
import { playChosenWay, type ReplyPattern } from './chosen-way.ts'

const FILE = `
id: welcome
name: Welcome
entry: { event: subscribe }
steps:
  - { id: hint, after: 20s, send: { text: Reply 1 } }
  - id: ask
    wait: 24h
    branches:
      - { name: first, on: { keywords: ['1'] }, steps: [{ id: gift, send: { text: A } }] }
      - { name: other, on: { event: message }, steps: [{ id: thanks, send: { text: B } }, end] }
    else: [end]
  - { id: later, after: 1h, send: { text: C } }
`
function play(source: string, replies: ReplyPattern, branches: Record<string, number> = {}) {
  const { campaign } = checkCampaign(source)
  if (!campaign) throw new Error('the campaign has errors')
  const played = playChosenWay(campaign, 'wechat-2023', { replies, branches })
  if (!played) throw new Error('the campaign has no run')
  return played
}
const sent = ({ steps }: ReturnType<typeof play>) =>
  steps.filter((s) => s.paid).map(({ step, paid }) => `${step} ${paid?.scene} ${paid?.nth}/${paid?.of}`)

describe('a chosen way', () => {
  it('takes the first branch, and counts the messages of each grant', () => {
    // The grant that ends first pays: in the first minute that of the follow.
    expect(sent(play(FILE, 'soon'))).toEqual([
      'hint subscribe 1/3',
      'gift subscribe 2/3',
      'later message 1/5',
    ])
    expect(sent(play(FILE, 'later'))).toEqual(['hint subscribe 1/3', 'gift message 1/5', 'later message 2/5'])
  })
  it('takes the branch that is chosen', () => {
    const played = play(FILE, 'soon', { ask: 1 })
    expect(sent(played)).toEqual(['hint subscribe 1/3', 'thanks subscribe 2/3'])
    expect(played.forks).toEqual([{ fork: 'ask', took: 1, atMs: 50_000 }])
  })
  it('takes else when it is chosen, or when the follower never replies', () => {
    for (const played of [play(FILE, 'soon', { ask: -1 }), play(FILE, 'never')])
      expect(played).toMatchObject({
        forks: [{ took: -1, atMs: 24 * 3_600_000 + 20_000 }],
        outcome: 'completed',
      })
  })
  it('has the reply later', () => {
    expect(play(FILE, 'later').events).toEqual([
      { atMs: 20_000 + 3 * 3_600_000, does: 'message', value: '1' },
    ])
  })
  it('says since when a step was held, and when it went', () => {
    const source = `
id: flat
name: Flat
entry: { event: subscribe }
steps:
  - { id: hello, after: 2h, send: { text: A } }
`
    const hour = 3_600_000
    expect(play(source, 'later').steps).toMatchObject([{ heldMs: 2 * hour, atMs: 3 * hour, state: 'sent' }])
    expect(play(source, 'soon').steps).toMatchObject([{ heldMs: null, atMs: 2 * hour, state: 'sent' }])
  })
  it('ignores a branch that the fork does not have', () => {
    expect(play(FILE, 'soon', { ask: 7 }).forks[0]?.took).toBe(-1)
  })
  it('replies before a question when a step above counts from the reply', () => {
    const source = FILE.replace(
      'after: 20s, send: { text: Reply 1 }',
      'since: reply, send: { text: Which one? }',
    )
    expect(sent(play(source, 'soon'))).toEqual([
      'hint subscribe 1/3',
      'gift message 1/5',
      'later message 2/5',
    ])
    expect(play(source, 'soon').events.map(({ atMs }) => atMs)).toEqual([30_000, 60_000])
    expect(sent(play(source, 'never'))).toEqual([])
  })
  it('replies where nothing is asked, so that steps after the first reply have a time', () => {
    const source = `
id: flat
name: Flat
entry: { event: subscribe }
steps:
  - { id: hello, after: 10s, send: { text: A } }
  - { id: day-1, after: 22h, since: reply, send: { text: B } }
`
    expect(sent(play(source, 'soon'))).toEqual(['hello subscribe 1/3', 'day-1 message 1/5'])
    expect(sent(play(source, 'never'))).toEqual(['hello subscribe 1/3'])
  })
})
