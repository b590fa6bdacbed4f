import type { Statistics, StepCounts } from './report.ts'

/** The tables of a campaign's statistics, one for each list of {@link Statistics}. */
export const STATISTICS_TABLES = ['runs', 'steps', 'forks', 'answers', 'tests', 'days', 'scenes'] as const
export type StatisticsTable = (typeof STATISTICS_TABLES)[number]

/** The languages of the headers. */
export const TABLE_LANGUAGES = ['en', 'zh'] as const
export type TableLanguage = (typeof TABLE_LANGUAGES)[number]

/** A row for each group. A number that is not known is null. */
export interface Table {
  header: readonly string[]
  rows: readonly (readonly (string | number | null)[])[]
}

const HEADERS = {
  entered: { en: 'entered', zh: '进入' },
  active: { en: 'active', zh: '培育中' },
  replied: { en: 'replied', zh: '回复' },
  goals: { en: 'goals', zh: '达成目标' },
  value: { en: 'value', zh: '目标值合计' },
  unfollowed: { en: 'unfollowed', zh: '取消关注' },
  uncounted: { en: 'uncounted', zh: '步骤未计入' },
  ended: { en: 'ended', zh: '已结束' },
  step: { en: 'step', zh: '步骤' },
  due: { en: 'due', zh: '到时' },
  held: { en: 'held', zh: '暂缓' },
  sent: { en: 'sent', zh: '已发送' },
  unknown: { en: 'unknown', zh: '结果未知' },
  skipped: { en: 'skipped', zh: '已跳过' },
  failed: { en: 'failed', zh: '发送失败' },
  clicked: { en: 'clicked', zh: '点击' },
  repliedAfter: { en: 'replied after', zh: '之后回复' },
  unfollowedAfter: { en: 'unfollowed after', zh: '之后取消关注' },
  goalAfter: { en: 'goal after', zh: '之后达成目标' },
  fork: { en: 'fork', zh: '分支点' },
  branch: { en: 'branch', zh: '分支' },
  taken: { en: 'taken', zh: '走过次数' },
  answer: { en: 'answer', zh: '自动回复' },
  on: { en: 'on', zh: '回复什么' },
  answered: { en: 'answered', zh: '回复次数' },
  rate: { en: 'rate', zh: '目标率' },
  p: { en: 'p', zh: 'p 值' },
  day: { en: 'day', zh: '日期' },
  scene: { en: 'scene', zh: '来源' },
} as const
type Column = keyof typeof HEADERS

/** A table of the statistics. Its figures are those of the report, each in a cell of its own, so that a column can be added up. */
export function statisticsTable(
  statistics: Statistics,
  table: StatisticsTable,
  language: TableLanguage = 'en',
): Table {
  const text = (column: Column) => HEADERS[column][language]
  const { forks, answers, days, scenes } = statistics
  switch (table) {
    case 'runs':
      return runsTable(statistics.runs, text)
    case 'steps':
      return stepsTable(statistics.steps, text)
    case 'forks':
      return {
        header: (['fork', 'branch', 'taken'] as const).map(text),
        rows: forks.flatMap(({ fork, taken }) => Object.entries(taken).map(([name, n]) => [fork, name, n])),
      }
    case 'answers':
      return {
        header: (['answer', 'on', 'answered'] as const).map(text),
        rows: answers.map(({ answer, on, answered }) => [answer, on, answered]),
      }
    case 'tests':
      return testsTable(statistics.tests, text)
    case 'days':
      return {
        header: ['day' as const, ...RUN_COLUMNS].map(text),
        rows: days.map((d) => [d.day, ...ofRuns(d)]),
      }
    case 'scenes':
      return {
        header: ['scene' as const, ...RUN_COLUMNS].map(text),
        rows: scenes.map((s) => [s.scene, ...ofRuns(s)]),
      }
    default:
      return table satisfies never
  }
}

const RUN_COLUMNS = ['entered', 'replied', 'goals', 'value', 'unfollowed'] as const
const ofRuns = (counts: Record<(typeof RUN_COLUMNS)[number], number>) => RUN_COLUMNS.map((c) => counts[c])

type TextOf = (column: Column) => string

function runsTable(runs: Statistics['runs'], text: TextOf): Table {
  const ended = breakdown('ended', [runs.ended], text)
  return {
    header: [...RUN_COLUMNS.map(text), text('active'), ...ended.header, text('uncounted')],
    rows: [[...ofRuns(runs), runs.active, ...ended.cells(runs.ended), runs.uncounted]],
  }
}

const STEP_COUNTS = ['due', 'held', 'sent', 'unknown'] as const
const AFTER_COUNTS = ['repliedAfter', 'unfollowedAfter', 'goalAfter'] as const

function stepsTable(steps: readonly StepCounts[], text: TextOf): Table {
  const skipped = breakdown(
    'skipped',
    steps.map((s) => s.skipped),
    text,
  )
  const failed = breakdown(
    'failed',
    steps.map((s) => s.failed),
    text,
  )
  const clicked = breakdown(
    'clicked',
    steps.map((s) => s.clicked),
    text,
  )
  return {
    header: [
      text('step'),
      ...STEP_COUNTS.map(text),
      ...skipped.header,
      ...failed.header,
      ...clicked.header,
      ...AFTER_COUNTS.map(text),
    ],
    rows: steps.map((s) => [
      s.step,
      ...STEP_COUNTS.map((c) => s[c]),
      ...skipped.cells(s.skipped),
      ...failed.cells(s.failed),
      ...clicked.cells(s.clicked),
      ...AFTER_COUNTS.map((c) => s[c]),
    ]),
  }
}

function testsTable(tests: Statistics['tests'], text: TextOf): Table {
  return {
    header: (['fork', 'branch', ...RUN_COLUMNS, 'rate', 'p'] as const).map(text),
    rows: tests.flatMap(({ fork, variants }) =>
      variants.map((v) => [fork, v.branch, ...ofRuns(v), v.rate, v.p]),
    ),
  }
}

/** The columns of counts by name: their sum, and one for each name that occurs in a row, like `skipped: condition`. */
function breakdown(column: Column, rows: readonly Readonly<Record<string, number>>[], text: TextOf) {
  const names = [...new Set(rows.flatMap((counts) => Object.keys(counts)))].sort()
  const own = (counts: Readonly<Record<string, number>>, name: string) =>
    Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0
  return {
    header: [text(column), ...names.map((name) => `${text(column)}: ${name}`)],
    cells: (counts: Readonly<Record<string, number>>): number[] => [
      Object.values(counts).reduce((sum, n) => sum + n, 0),
      ...names.map((name) => own(counts, name)),
    ],
  }
}
