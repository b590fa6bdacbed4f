import { markdownTable } from '../markdown-table.ts'
import type { Bytes, Cost, MeasuredFigures } from './figures.ts'
import { cloudBillFor, type Plan, planFor, type Scenario } from './plan.ts'

const WAITING = [1e6, 1e7, 1e8]
const SCENARIOS: Scenario[] = [
  ...WAITING.map((waiting) => ({ name: `${waiting / 1e6} M waiting`, waiting })),
  { name: '10,000 follows/s for 10 s', followsPerS: 10_000, seconds: 10 },
  { name: '10,000 follows/s sustained', followsPerS: 10_000 },
]

/** The blocks of docs/scaling.md, by their names. A test compares them with the page. */
export function scalingBlocks(measured: MeasuredFigures): Record<string, string> {
  return { ...measuredTables(measured), ...computedTables(measured) }
}

/** What one follower costs, with the day of each figure: those of different days are of different versions. */
function measuredTables({ run, minute, early, waiting, ended, ...of }: MeasuredFigures) {
  const work = (name: string, value: (cost: Cost) => string, day: string) => [
    name,
    value(minute),
    value(run),
    day,
  ]
  const ms = (part: keyof Cost['processor']) => (cost: Cost) => `${count(cost.processor[part])} ms`
  const { size: sizeDay, footprint } = of.days
  const bytes = (name: string, value: (bytes: Bytes) => number) => [
    name,
    ...[early, waiting, ended].map((b) => kilobytes(value(b))),
  ]
  return {
    'scaling-work': markdownTable([
      ['Figure', 'First minute: follow, reply, one message', 'Whole run', 'Measured'],
      work('events', (cost) => count(cost.events), sizeDay),
      work('state transitions', (cost) => count(cost.transitions), sizeDay),
      ['history, encrypted', '', kilobytes(of.historyBytes), sizeDay],
      ['actions, as Temporal Cloud counts them', '', count(of.actions), sizeDay],
      work('commits in the three databases', (cost) => count(cost.commits), footprint),
      work("PostgreSQL's log, all three databases", (cost) => kilobytes(cost.logBytes), footprint),
      work('processor: PostgreSQL', ms('postgres'), footprint),
      work('processor: Temporal', ms('temporal'), footprint),
      work('processor: `worker`', ms('worker'), footprint),
      work('processor: `serve`', ms('serve'), footprint),
    ]),
    'scaling-bytes': markdownTable([
      [
        'Bytes of one follower with all indexes, packed',
        'Waiting, 1 of 5 sent',
        'Waiting, 4 of 5 sent',
        'Ended',
      ],
      bytes('store: inbox, follower, run, deliveries', (b) => b.store),
      bytes('Temporal', (b) => b.temporal),
      bytes('visibility', (b) => b.visibility),
      bytes('all', (b) => b.store + b.temporal + b.visibility),
    ]),
  }
}

function computedTables(measured: MeasuredFigures) {
  const plans = SCENARIOS.map((scenario) => planFor(scenario, measured))
  const waiting = plans.filter((p) => p.stored)
  const row = (name: string, of: readonly Plan[], value: (plan: Plan) => string) => [name, ...of.map(value)]
  const load = [
    ['Per second, at the peak', ...plans.map((p) => p.name)],
    row('runs started (mean)', plans, (p) => `${count(p.starts)} (${count(p.startsMean)})`),
    row('callbacks', plans, (p) => count(p.callbacks)),
    row('messages to WeChat', plans, (p) => count(p.sends)),
    row('events', plans, (p) => count(p.events)),
    row('state transitions', plans, (p) => count(p.transitions)),
    row('tasks of `send`, at most', plans, (p) => count(p.tasks)),
    row('commits', plans, (p) => count(p.commits)),
    row('PostgreSQL log', plans, (p) => size(p.logBytes)),
  ]
  const needs = [
    ['Needed', ...plans.map((p) => p.name)],
    row('cores: PostgreSQL, all three databases', plans, (p) => count(p.cores.postgres)),
    row('cores: Temporal', plans, (p) => count(p.cores.temporal)),
    row('cores: workers', plans, (p) => count(p.cores.worker)),
    row('cores: `serve`', plans, (p) => count(p.cores.serve)),
    row('`worker` processes', plans, (p) => count(p.workers)),
    row('`serve` processes', plans, (p) => count(p.serve)),
    row('history shards', plans, (p) => count(p.shards)),
    row('partitions of `send`', plans, (p) => count(p.partitions)),
    row('connections, at most: application, Temporal', plans, (p) =>
      [p.connections.application, p.connections.temporal].map(count).join(', '),
    ),
    row('accounts, at the initial quota', plans, (p) => (Number.isNaN(p.accounts) ? '–' : count(p.accounts))),
  ]
  const stored = [
    ['Stored', ...waiting.map((p) => p.name)],
    row('waiting runs, all three databases', waiting, (p) => size(p.stored?.waiting ?? 0)),
    row('ended runs in Temporal, 3 days', waiting, (p) => size(p.stored?.ended ?? 0)),
    row('ended runs in the store, 90 days', waiting, (p) => size(p.stored?.endedInStore ?? 0)),
  ]
  const bills = WAITING.map((count) => cloudBillFor(count, measured))
  const cloud = [
    ['A month on Temporal Cloud', ...waiting.map((p) => p.name)],
    ['actions, million', ...bills.map((b) => count(b.actions))],
    ['actions a second at the peak', ...bills.map((b) => count(b.actionsPerS))],
    ['actions', ...bills.map((b) => dollars(b.actionsPrice))],
    ['active storage', ...bills.map((b) => dollars(b.activePrice))],
    ['retained storage', ...bills.map((b) => dollars(b.retainedPrice))],
    ['plan, 10 %', ...bills.map((b) => dollars(b.planPrice))],
    ['total', ...bills.map((b) => dollars(b.total))],
  ]
  return {
    'scaling-load': markdownTable(load),
    'scaling-needs': markdownTable(needs),
    'scaling-stored': markdownTable(stored),
    'scaling-cloud': markdownTable(cloud),
  }
}

function kilobytes(bytes: number): string {
  const size = bytes / 1_000
  return `${size >= 100 ? size.toFixed(0) : size.toFixed(1)} KB`
}

/** Two significant digits, and integers above ten. More digits would suggest a precision that does not exist. Powers of two are settings. */
function count(x: number): string {
  const rounded =
    x >= 1_000 && !Number.isInteger(Math.log2(x))
      ? x.toPrecision(2)
      : x < 10
        ? x.toPrecision(2)
        : Math.round(x)
  return Number(rounded).toLocaleString('en-US')
}

function size(bytes: number): string {
  const unit = bytes >= 1e12 ? 'TB' : bytes >= 1e9 ? 'GB' : 'MB'
  return `${Number((bytes / { TB: 1e12, GB: 1e9, MB: 1e6 }[unit]).toPrecision(2))} ${unit}`
}

function dollars(x: number): string {
  return `$${Number(x.toPrecision(2)).toLocaleString('en-US')}`
}
