import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Facts } from '../shared/facts.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'
import { compileCampaign } from './compile.ts'
import { createMatcher } from './match.ts'
import { campaignSchema } from './model.ts'
import { readYaml } from './read-yaml.ts'
import { type PlayedEvent, type SimulationInput, simulateCampaign } from './simulation.ts'
import { timelineText } from './timeline.ts'
import { typeOfField } from './typed-fields.ts'

/**
 * The ten example files give, line by line, the timelines that their authors wrote down. The seeds give the
 * figures of those timelines: 2 min 39 s of spread and the first branch of `test`, or 2 min 48 s and the second.
 */

const FOLDER = new URL('../../campaigns/', import.meta.url)
const PAGE = new URL('../../docs/campaign-timelines.md', import.meta.url)
const UTC_8 = 8 * HOUR_MS
/** A Monday. */
const DAY = Date.UTC(2026, 10, 23) - UTC_8

const at = (time: string, day = 0) => {
  const [h = 0, m = 0, s = 0] = time.split(':').map(Number)
  return day * DAY_MS + h * HOUR_MS + m * MINUTE_MS + s * SECOND_MS
}
const localTime = (time: number) => new Date(time + UTC_8).toISOString().slice(5, 19).replace('T', ' ')

function campaignOf(file: string) {
  const { value, issues } = readYaml(readFileSync(new URL(file, FOLDER), 'utf8'), typeOfField)
  expect(issues).toEqual([])
  return campaignSchema.parse(value)
}

interface Play extends Pick<SimulationInput, 'entry'> {
  /** Time of day of the entry, and its day. */
  at: string
  day?: number
  events: PlayedEvent[]
  seed?: number
  tags?: string[]
  ledger?: (entryAt: number) => Ledger
}
const message = (atMs: number, text: string): PlayedEvent => ({ atMs, do: 'message', text })
const fact = (atMs: number, facts: Facts): PlayedEvent => ({ atMs, do: 'facts', facts })
const follow = (qrScene: string | null = null) => ({ event: 'subscribe', qrScene }) as const
const typed = (text: string) => ({ event: 'message', text }) as const
/** The message grant of 46 hours before the recall. */
const before = (entryAt: number): Ledger => [
  {
    scene: 'message',
    grantedAt: entryAt - 46 * HOUR_MS,
    expiresAt: entryAt + 2 * HOUR_MS,
    quota: 5,
    used: 1,
  },
]
const S = SECOND_MS
const M = MINUTE_MS
const H = HOUR_MS
const FIRST = 742
const SECOND = 860

const PLAYS: Record<string, Play> = {
  '01 replies 1 after 35 s': {
    at: '10:00',
    entry: follow(),
    events: [message(35 * S, '1'), { atMs: 40 * M, do: 'link', link: 'guide' }],
  },
  '01 silent': { at: '10:00', entry: follow(), events: [] },
  '01 asks something': { at: '21:00', entry: follow(), events: [message(2 * H, '怎么用')] },
  '02 checks in each day, pays': {
    at: '10:00',
    entry: typed('课程'),
    events: [message(3 * H, '打卡'), message(25 * H, '打卡 第二天'), fact(60 * H, { paid: true })],
  },
  '02 stops after day 1': { at: '10:00', entry: typed('课程'), events: [message(12 * H, '打卡')] },
  '02 asks at 23:30': { at: '23:30', entry: typed('课程'), events: [message(20 * H, '打卡')] },
  '03 reply at 00:30: last would fall due at 22:30, grant over before 09:00': {
    at: '00:30',
    entry: follow('shop-sh-3'),
    events: [message(30 * S, '1')],
  },
  '03 takes coupon, uses it next noon': {
    at: '10:00',
    entry: follow('shop-sh-3'),
    events: [message(40 * S, '1'), fact(26 * H, { used: true })],
  },
  '03 takes coupon, does not come (variant 推荐)': {
    at: '10:00',
    entry: follow('shop-sh-3'),
    events: [message(40 * S, '我要领券')],
    seed: SECOND,
  },
  '03 reply at 23:10: last falls in quiet hours': {
    at: '23:10',
    entry: follow('shop-sh-3'),
    events: [message(30 * S, '1')],
  },
  '04 hall A': { at: '10:00', entry: follow('expo-a12'), events: [message(20 * S, '1')] },
  '04 asks for a guide': {
    at: '10:00',
    entry: follow('expo-b3'),
    events: [
      message(10 * S, '2'),
      { atMs: M, do: 'agent', open: true },
      { atMs: 20 * M, do: 'agent', open: false },
    ],
  },
  '05 books for next day 15:00, confirms': {
    at: '14:00',
    entry: typed('我要预约'),
    events: [
      fact(6 * M, { visitAt: '2026-11-24T15:00:00+08:00' }),
      fact(6 * M, { doctor: '李医生' }),
      fact(6 * M, { booked: true }),
      message(9.5 * H, '1'),
    ],
  },
  '05 does not book': { at: '10:00', entry: typed('挂号'), events: [] },
  '06 comes back': {
    at: '10:00',
    entry: { event: 'window-closing' },
    events: [message(25 * M, '清单')],
    ledger: before,
  },
  '06 bought already': {
    at: '10:00',
    entry: { event: 'window-closing' },
    events: [],
    tags: ['已购'],
    ledger: before,
  },
  '07 by menu; three friends': {
    at: '10:00',
    entry: { event: 'click' },
    events: [
      fact(8 * S, { posterUrl: 'https://p/1' }),
      fact(8 * S, { posterReady: true }),
      message(3 * M, '进度'),
      fact(5 * H, { helpers: 1 }),
      fact(9 * H, { helpers: 3 }),
    ],
  },
  '08 listens, pays next evening': {
    at: '10:00',
    entry: follow('trial1'),
    events: [
      message(25 * S, '开始'),
      { atMs: 20 * M, do: 'link', link: 'trial' },
      fact(33 * H, { paid: true }),
    ],
  },
  '08 does not open': { at: '10:00', entry: follow('trial1'), events: [message(25 * S, '开始')] },
  '09 robot, Friday; solved Monday': {
    at: '15:00',
    day: 4,
    entry: typed('扫地机坏了'),
    events: [message(30 * S, '2'), message(44 * H, '谢谢，好像可以了'), message(68 * H, '1')],
  },
  '09 robot, Monday; not solved': {
    at: '10:00',
    entry: typed('扫地机坏了'),
    events: [message(30 * S, '2'), message(25 * H, '还是不行')],
  },
}

/** The timelines of the page: file, title, figures and lines. */
function written(): { key: string; file: string; figures: string; lines: string[] }[] {
  const page = readFileSync(PAGE, 'utf8')
  return page.split(/^## /m).flatMap((section) => {
    const file = /^(\S+\.yaml)/.exec(section)?.[1]
    if (!file) return []
    return [...section.matchAll(/^\*\*(.+?)\*\* \[(.+?)\]\n\n```\n([\s\S]*?)\n```/gm)].map(
      ([, title, figures = '', lines = '']) => ({
        key: `${file.slice(0, 2)} ${title}`,
        file,
        figures,
        lines: lines.split('\n'),
      }),
    )
  })
}

function played(file: string, play: Play): { lines: string[]; figures: string } {
  const plan = compileCampaign(campaignOf(file), 1)
  const entryAt = DAY + at(play.at, play.day)
  const timeline = simulateCampaign({
    plan,
    rules: 'wechat-2023',
    entryAt,
    entry: play.entry,
    events: play.events,
    ledger: play.ledger?.(entryAt) ?? [],
    follower: { tags: play.tags ?? [] },
    known: { seed: play.seed ?? FIRST },
  })
  const sent = timeline.flatMap((l) => (l.line === 'step' && l.grant ? [l] : []))
  const end = timeline.find((l) => l.line === 'end')
  const grants = end?.line === 'end' ? end.ledger : []
  const used = grants.map((g) => `${g.scene} ${g.used}/${g.quota}`).join(' ')
  const size = `${plan.steps.length} steps + ${plan.forks?.length ?? 0} forks`
  return {
    lines: timelineText(timeline, entryAt, localTime),
    figures: `${sent.length} sends, ${size}, used ${used}`,
  }
}

describe('the timelines of the examples', () => {
  it('are all played here', () => {
    expect(
      written()
        .map((t) => t.key)
        .sort(),
    ).toEqual(Object.keys(PLAYS).sort())
  })

  it.each(written())('$key', ({ key, file, figures, lines }) => {
    const play = PLAYS[key]
    if (!play) throw new Error(`no play ${key}`)
    const result = played(file, play)
    expect(result.lines).toEqual(lines)
    expect(result.figures).toBe(figures)
  })
})

describe('the answers of the examples', () => {
  const matcher = createMatcher([{ campaign: campaignOf('10-menu-faq.yaml'), version: 1 }])
  const page = readFileSync(PAGE, 'utf8')
    .split(/^## /m)
    .find((section) => section.startsWith('10-'))
  const rows = [...(page ?? '').matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)]
    .map(([, what = '', gets = '']) => [what, gets] as const)
    .filter(([what]) => what !== 'The follower' && !what.startsWith('-'))

  it('are all shown', () => expect(new Set(rows.map(([, gets]) => gets)).size).toBe(6))

  it.each(rows)('%s gets %s', (what, gets) => {
    const key = /^taps (.+)$/.exec(what)?.[1]
    const event =
      key === undefined
        ? ({ scene: 'message', text: what, eventKey: null, qrScene: null } as const)
        : ({ scene: 'menu', text: null, eventKey: key, qrScene: null } as const)
    const answer = matcher.answer('wx1', event, { handover: true, catchAll: true })?.answer
    const text = answer?.reply?.text ?? answer?.reply?.news?.title
    expect(answer?.handover ? 'a human agent' : text?.replaceAll('\n', ' ')).toBe(gets)
  })
})
