import { readFileSync } from 'node:fs'
import type { PlayedEvent, SimulationInput } from '../../../src/campaign/simulation.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/shared/time-units.ts'

/** The timelines that `docs/campaign-timelines.md` keeps, and the table of the answers of 10. */

const PAGE = new URL('../../../docs/campaign-timelines.md', import.meta.url)
/** Asia/Shanghai has no summer time. */
const UTC_8 = 8 * HOUR_MS
const YEAR = 2026

export interface KeptTimeline {
  /** `01-lead-magnet.yaml` */
  file: string
  title: string
  /** The entry as the page has it, epoch ms. */
  entryAt: number
  entry: SimulationInput['entry']
  /** What the follower and other systems do, ms after the entry. */
  events: PlayedEvent[]
  lines: KeptLine[]
}

/** `◇ ask → 领取`, and when it happens: ms after the entry. */
export interface KeptLine {
  afterMs: number
  text: string
}

/** The timelines of the page, in its order. */
export function keptTimelines(): KeptTimeline[] {
  return sections().flatMap(({ file, text }) =>
    [...text.matchAll(/^\*\*(.+?)\*\* \[.+?\]\n\n```\n([\s\S]*?)\n```/gm)].map(([, title = '', block = '']) =>
      timelineOf(file, title, block.split('\n')),
    ),
  )
}

/** What followers send to the campaign of answers, and what they get. `taps KEY` is a tap on the menu. */
export function keptAnswers(): { what: string; gets: string }[] {
  const page = sections().find(({ file }) => file.startsWith('10-'))?.text ?? ''
  return [...page.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].flatMap(([, what = '', gets = '']) =>
    what === 'The follower' || what.startsWith('-') ? [] : [{ what, gets }],
  )
}

function sections(): { file: string; text: string }[] {
  return readFileSync(PAGE, 'utf8')
    .split(/^## /m)
    .flatMap((text) => {
      const file = /^(\S+\.yaml)/.exec(text)?.[1]
      return file ? [{ file, text }] : []
    })
}

function timelineOf(file: string, title: string, rows: readonly string[]): KeptTimeline {
  const parsed = rows.map((row) => {
    const [, month, day, h, m, s, after = '', text = ''] =
      /^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) {2}\+(\S+) +(.+)$/.exec(row) ?? []
    if (text === '') throw new Error(`${file}, ${title}: no line of a timeline: ${row}`)
    const at = Date.UTC(YEAR, Number(month) - 1, Number(day), Number(h), Number(m), Number(s)) - UTC_8
    return { at, afterMs: durationOf(after), text }
  })
  const [first] = parsed
  if (!first) throw new Error(`${file}, ${title} has no line`)
  return {
    file,
    title,
    entryAt: first.at,
    entry: entryOf(first.text),
    events: parsed.flatMap(({ afterMs, text }) => (text.startsWith('☎ ') ? [eventOf(text, afterMs)] : [])),
    lines: parsed.filter(({ text }) => /^[◇●○■]/.test(text)).map(({ afterMs, text }) => ({ afterMs, text })),
  }
}

/** `34h2m39s` in ms. */
export function durationOf(text: string): number {
  const units = { d: DAY_MS, h: HOUR_MS, m: MINUTE_MS, s: SECOND_MS }
  return [...text.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * units[unit as keyof typeof units],
    0,
  )
}

function entryOf(line: string): SimulationInput['entry'] {
  const [, event = '', more = ''] = /^▶ (\S+) ?(.*)$/.exec(line) ?? []
  switch (event) {
    case 'subscribe':
      return { event, qrScene: more || null }
    case 'message':
      return { event, text: more.slice(1, -1) }
    case 'click':
    case 'window-closing':
      return { event }
    default:
      throw new Error(`the gallery cannot enter by ${line}`)
  }
}

function eventOf(line: string, atMs: number): PlayedEvent {
  const [, what = '', more = ''] = /^☎ (\S+) ?(.*)$/.exec(line) ?? []
  switch (what) {
    case 'message':
      return { atMs, do: 'message', text: more }
    case 'link':
      return { atMs, do: 'link', link: more }
    case 'agent':
      return { atMs, do: 'agent', open: more === 'open' }
    case 'fact': {
      const [name = '', value = ''] = more.split(/=(.*)/s)
      return { atMs, do: 'facts', facts: { [name]: factValue(value) } }
    }
    default:
      throw new Error(`the gallery cannot play ${line}`)
  }
}

function factValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d+$/.test(text) ? Number(text) : text
}
