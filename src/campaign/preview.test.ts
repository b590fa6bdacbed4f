import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { RulesProfileName } from '../wechat/rules/rules.ts'
import { checkCampaign } from './check.ts'
import { type Campaign, campaignSchema } from './model.ts'
import { type PreviewEvent, previewCampaign } from './preview.ts'
import { previewWarnings } from './preview-warnings.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

function example(name: string): Campaign {
  const source = readFileSync(new URL(`../../campaigns/${name}.yaml`, import.meta.url), 'utf8')
  const { campaign } = checkCampaign(source)
  if (!campaign) throw new Error(`${name} has issues`)
  return campaign
}
const campaignOf = (event: string, ...steps: Record<string, unknown>[]) =>
  campaignSchema.parse({
    id: 'a',
    name: 'A',
    entry: { event },
    steps: steps.map((s, i) => ({ id: `s${i}`, send: { text: 'x' }, ...s })),
  })
/** The timeline in a short form: `20s hint sent subscribe`. */
const timeline = (
  campaign: Campaign,
  events: PreviewEvent[] = [],
  rules: RulesProfileName = 'wechat-2023',
): string[] =>
  previewCampaign({ campaign, rules, events }).map((l) =>
    [l.at, l.step, l.state, l.grant ?? l.reason ?? ''].join(' ').trim(),
  )
const reply = (atMs: number): PreviewEvent => ({ atMs, do: 'reply' })

describe('the preview of the welcome campaign', () => {
  const welcome = example('welcome')

  it('shows only the hint for a follower who does not reply', () => {
    expect(timeline(welcome)).toEqual([
      '20s hint sent subscribe',
      '48h gift skipped no-reply',
      '48h tip skipped no-reply',
      '48h day-1 skipped no-reply',
      '48h last skipped no-reply',
    ])
  })

  it('shows for a reply after 40 s that the follow pays while its grant lasts, then the message', () => {
    expect(timeline(welcome, [reply(40 * SECOND)])).toEqual([
      '20s hint sent subscribe',
      '40s gift sent subscribe',
      '10m40s tip sent message',
      '22h40s day-1 sent message',
      '47h40s last sent message',
    ])
  })

  it('skips the hint for a reply within the first seconds', () => {
    expect(timeline(welcome, [reply(5 * SECOND)]).slice(0, 2)).toEqual([
      '5s hint skipped replied',
      '5s gift sent subscribe',
    ])
  })

  it('shows for a reply a day later that the message pays for all steps', () => {
    expect(timeline(welcome, [reply(24 * HOUR)])).toEqual([
      '20s hint sent subscribe',
      '24h gift sent message',
      '24h10m tip sent message',
      '46h day-1 sent message',
      '71h last sent message',
    ])
  })

  it('shows for many messages that the first one is the reply and the newest one pays', () => {
    const messages = Array.from({ length: 30 }, (_, i) => reply(10 * SECOND + i * HOUR))
    expect(timeline(welcome, messages)).toEqual([
      '10s hint skipped replied',
      '10s gift sent subscribe',
      '10m10s tip sent message',
      '22h10s day-1 sent message',
      '47h10s last sent message',
    ])
  })

  it('skips the remaining steps at an unfollow', () => {
    expect(timeline(welcome, [reply(40 * SECOND), { atMs: HOUR, do: 'unfollow' }])).toEqual([
      '20s hint sent subscribe',
      '40s gift sent subscribe',
      '10m40s tip sent message',
      '1h day-1 skipped unsubscribed',
      '1h last skipped unsubscribed',
    ])
  })

  it('does not depend on the day or the order of the events', () => {
    const events = [reply(40 * SECOND), { atMs: 2 * HOUR, do: 'click' } as const]
    expect(timeline(welcome, events)).toEqual(timeline(welcome, [...events].reverse()))
  })
})

describe('the grant that pays', () => {
  it('is the one that expires first', () => {
    const campaign = campaignOf('subscribe', { after: '45s', since: 'entry' })
    const events: PreviewEvent[] = [reply(10 * SECOND), { atMs: 30 * SECOND, do: 'click' }]
    expect(timeline(campaign, events)).toEqual(['45s s0 sent subscribe'])
  })

  it('is the next one when the first is used up', () => {
    const five = campaignOf(
      'subscribe',
      ...[1, 2, 3, 4, 5].map((i) => ({ after: `${20 + i}s`, since: 'entry' })),
    )
    expect(timeline(five, [reply(10 * SECOND)])).toEqual([
      '21s s0 sent subscribe',
      '22s s1 sent subscribe',
      '23s s2 sent subscribe',
      '24s s3 sent message',
      '25s s4 sent message',
    ])
  })

  it.each([
    ['scan', 'scan'],
    ['click', 'menu'],
    ['message', 'message'],
    ['subscribe', 'subscribe'],
  ])('after a %s is %s', (event, scene) => {
    expect(timeline(campaignOf(event, { after: '5s' }))).toEqual([`5s s0 sent ${scene}`])
  })

  it('may be of a click, which releases a held step', () => {
    const campaign = campaignOf('subscribe', { after: '10m', since: 'entry' })
    expect(timeline(campaign, [{ atMs: HOUR, do: 'click' }])).toEqual([
      '10m s0 held no-grant',
      '1h s0 sent menu',
    ])
  })

  it('is of the follow for two days under the classic rules', () => {
    expect(timeline(example('classic-series'), [], 'classic-48h')).toEqual([
      '1m hello sent subscribe',
      '1h tip-1 sent subscribe',
      '24h tip-2 sent subscribe',
      '47h tip-3 sent subscribe',
    ])
  })
})

describe('a step that is due after the minute of a follow', () => {
  it('is held until a reply releases it, or skipped when its ifLate is skip', () => {
    const late = campaignOf(
      'subscribe',
      { after: '2m', since: 'entry' },
      { after: '3m', since: 'entry', ifLate: 'skip' },
      { after: '4m', since: 'entry' },
    )
    expect(timeline(late, [reply(HOUR)])).toEqual([
      '2m s0 held no-grant',
      '3m s1 skipped no-grant',
      '4m s2 held no-grant',
      '1h s0 sent message',
      '1h2s s2 sent message',
    ])
  })

  it('is sent before the margin when it is due in the last seconds of the minute', () => {
    expect(timeline(campaignOf('subscribe', { after: '60s' }))).toEqual(['57s s0 sent subscribe'])
  })
})

describe('warnings of a preview', () => {
  it.each([
    ['welcome', 'wechat-2023', []],
    ['expo', 'wechat-2023', []],
    ['course', 'wechat-2023', []],
    ['classic-series', 'classic-48h', []],
    ['classic-series', 'wechat-2023', ['steps.1.after', 'steps.2.after', 'steps.3.after']],
  ] as const)('%s under %s: %j', (name, rules, paths) => {
    const found = previewWarnings(example(name), rules).map((w) => w.path)
    // A step that is due at the end of the minute is sent at the margin's start, so there is no warning about hello.
    expect(found).toEqual(paths)
  })

  it('name the fourth message in the minute of a follow', () => {
    const four = campaignOf('subscribe', ...[1, 2, 3, 4].map((i) => ({ after: `${i * 5}s`, since: 'entry' })))
    const found = previewWarnings(four, 'wechat-2023')
    expect(found.map((w) => w.path)).toEqual(['steps.3.after'])
    expect(found[0]?.message).toContain(
      'due 20 s after the follow, but under wechat-2023 a follow grants 3 messages',
    )
  })

  it.each([
    ['scan', 'after the scan', 'a scan grants 3 messages for 1 min'],
    ['click', 'after the click', 'a click grants 3 messages for 1 min'],
  ])('name the kind of the entry: %s', (event, after, grants) => {
    const [warning] = previewWarnings(campaignOf(event, { after: '1h' }), 'wechat-2023')
    expect(warning?.message).toContain(after)
    expect(warning?.message).toContain(grants)
  })
})

describe('the preview of a campaign with tags', () => {
  it('shows which steps depend on the follower, and changes tags without a grant', () => {
    const campaign = campaignOf(
      'subscribe',
      { after: '0s', when: { tag: '金卡' } },
      { after: '1h', since: 'entry', send: undefined, tag: ['一小时'] },
      { after: '2h', since: 'entry', send: { text: '{{ follower.tags }}' }, ifLate: 'skip' },
    )
    expect(timeline(campaign)).toEqual(['0s s0 sent subscribe', '1h s1 sent', '2h s2 skipped no-grant'])
    const [first] = previewCampaign({ campaign, rules: 'wechat-2023', events: [] })
    expect(first?.reason).toBe('depends-on-follower')
    expect(previewWarnings(campaign, 'wechat-2023').map((w) => w.path)).toEqual(['steps.2.after'])
  })
})
