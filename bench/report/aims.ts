import { markdownTable } from '../markdown-table.ts'
import type { Figure } from '../stats.ts'
import { formatRatio, formatValue } from './format.ts'
import type { Results } from './results.ts'

/** The figures of a bench whose names match, in their order. */
type Find = (bench: string, name: RegExp) => Figure[]

interface Aim {
  figure: string
  before: string
  now(find: Find): string[]
  aim: string
  bench: string
}

const values = (figures: readonly Figure[]) => figures.map(({ value, unit }) => formatValue(value, unit))
const ratios = (figures: readonly Figure[]) => figures.map(formatRatio)
/** A value, and in parentheses the number in its figure's name. */
const withCount = (show: (figures: readonly Figure[]) => string[], figures: readonly Figure[]) =>
  figures.map((figure) => `${show([figure])} (${/\d[\d,]*/.exec(figure.name.replace('-9', ''))?.[0]})`)

/** What the product should reach on two cores, and what it reached before version 0.4. */
const AIMS: readonly Aim[] = [
  {
    figure: 'CPU of a run of 2 steps, product and Temporal: PGlite, PostgreSQL',
    before: '2.1 ×, 1.8 ×',
    now: (find) => ratios(find('cost', /^CPU of a run, 2 steps/)),
    aim: '≤ 1.0 × a bare workflow',
    bench: 'cost',
  },
  {
    figure: 'the same, 5 steps',
    before: 'not measured',
    now: (find) => ratios(find('cost', /^CPU of a run, 5 steps/)),
    aim: '≤ 1.0 ×',
    bench: 'cost',
  },
  {
    figure: 'runs a second, 2 steps: PGlite, PostgreSQL',
    before: '0.6 ×, 0.6 ×',
    now: (find) => ratios(find('cost', /^runs a second, 2 steps/)),
    aim: '≥ 1.0 × a bare workflow',
    bench: 'cost',
  },
  {
    figure: 'events, state transitions of a five-step run',
    before: '74, 42',
    now: (find) => values(find('size', /^(events|state transitions) of a five-step run$/)),
    aim: '≤ 45, 20',
    bench: 'size',
  },
  {
    figure: 'history of a five-step run, encrypted',
    before: '15.5 KB',
    now: (find) => values(find('size', /^history of a five-step run, encrypted$/)),
    aim: '≤ 8 KB',
    bench: 'size',
  },
  {
    figure: 'of 2,000 follows in 4 s, message within the minute',
    before: '739',
    now: (find) => values(find('burst', /^2,000 follows in 4 s, PGlite: got their message within/)),
    aim: '2,000',
    bench: 'burst',
  },
  {
    figure: 'of 10,000 follows in 10 s, message within the minute',
    before: '816',
    now: (find) => values(find('burst', /^10,000 follows in 10 s, PGlite: got their message within/)),
    aim: '≥ 3,000, none lost',
    bench: 'burst',
  },
  {
    figure: 'callback answered at 500 follows a second, p99',
    before: '1.3 s',
    now: (find) => values(find('burst', /^2,000 follows in 4 s, PGlite: callback answered, p99$/)),
    aim: '≤ 300 ms',
    bench: 'burst',
  },
  {
    figure: 'restart with due steps: until all are sent (runs)',
    before: '39 min (20,000)',
    now: (find) => withCount(values, find('restart', /: all messages, after/)),
    aim: '≤ 15 min (20,000)',
    bench: 'restart',
  },
  {
    figure: 'follow to message, quiet machine, p50, p99',
    before: '100 ms, 147 ms',
    now: (find) => values(find('callbacks', /^callback to message at WeChat, 1 concurrent, p(50|99)$/)),
    aim: '≤ 100, 300 ms',
    bench: 'callbacks',
  },
  {
    figure: 'due step, quiet machine: late by p50, p99',
    before: '768 ms, 840 ms',
    now: (find) => values(find('due', /^lateness of a due step/)),
    aim: '≤ 100, 300 ms',
    bench: 'due',
  },
  {
    figure: 'longest wait for a first message beside 200 follows of a slow account (alone)',
    before: '4 to 5 s more than alone',
    now: (find) =>
      find('isolation', /^longest wait for a first message beside/).map(
        ({ value, unit, reference }) =>
          `${formatValue(value, unit)} (${formatValue(reference?.value, unit)})`,
      ),
    aim: '≤ 2 s more than alone',
    bench: 'isolation',
  },
  {
    figure: 'CPU of the check of a campaign of 50 steps: without and with quiet hours',
    before: 'not measured',
    now: (find) => values(find('check', /^CPU of a check of 50 steps|^the same with quiet hours/)),
    aim: '≤ 100 ms',
    bench: 'check',
  },
  {
    figure: 'CPU of 1,000 ways of a preview',
    before: 'not measured',
    now: (find) => values(find('check', /ways of a preview$/)),
    aim: '≤ 1 s',
    bench: 'check',
  },
  {
    figure: 'keyword answered, 200 campaigns of 20 keywords, p99',
    before: 'not measured',
    now: (find) => ratios(find('answers', /^keyword answered.*p99$/)),
    aim: '≤ 1.1 × one campaign',
    bench: 'answers',
  },
  {
    figure: 'page of the console, 100,000 followers, the slowest, p99: PGlite, PostgreSQL',
    before: 'not measured',
    now: (find) => values(find('console', /^server time of the slowest page .*, p99, /)),
    aim: '≤ 100 ms',
    bench: 'console',
  },
  {
    figure: 'bytes over the wire: first page, editor, editor with its YAML tab',
    before: '43.2 KB, 106 KB, 268 KB',
    now: (find) => values(find('console', /^bytes of the (first page|editor.*), first visit$/)),
    aim: '≤ 60, 130, 260 KB',
    bench: 'console',
  },
  {
    figure: 'frames of the live overview with 1,000 events a second',
    before: 'not measured',
    now: (find) => values(find('console', /^frames a second of the overview/)),
    aim: '≥ 50/s',
    bench: 'console',
  },
  {
    figure: '`npm start`, warm, to `ready`',
    before: '4.7 s',
    now: (find) => values(find('start', /^npm start, warm, to ready/)),
    aim: '≤ 3 s',
    bench: 'start',
  },
  {
    figure: 'memory of `npm start` at rest, all processes, RSS',
    before: '573 MiB',
    now: (find) => values(find('memory', /^memory of an idle npm start, all processes, RSS$/)),
    aim: '≤ 381 MiB (400 MB)',
    bench: 'memory',
  },
  {
    figure: 'the same with followers who wait (number), against at rest',
    before: 'not measured',
    now: (find) => withCount(ratios, find('memory', /followers who wait, all processes, RSS$/)),
    aim: '≤ 1.1 × (100,000)',
    bench: 'memory',
  },
  {
    figure: 'a follower who waits, all databases on PostgreSQL, packed: 1 of 5 sent, 4 of 5 sent',
    before: '29 KB, 37 KB',
    now: (find) => values(find('footprint', /^waiting, . of 5 sent: all databases, packed$/)),
    aim: '≤ 9 KB',
    bench: 'footprint',
  },
]

/** The aims as a Markdown table, with the newest results. */
export function aimTable({ benches }: Results): string {
  const find: Find = (bench, name) => benches[bench]?.figures.filter((figure) => name.test(figure.name)) ?? []
  return markdownTable([
    ['Figure', 'Before', 'Now', 'Aim', 'Command'],
    ...AIMS.map(({ figure, before, now, aim, bench }) => [
      figure,
      before,
      now(find).join(', ') || 'not measured',
      aim,
      `\`--only ${bench}\``,
    ]),
  ])
}
