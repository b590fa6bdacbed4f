import { markdownTable } from '../markdown-table.ts'
import { cloudBillFor, type Plan, planFor, type Scenario } from './plan.ts'

const WAITING = [1e6, 1e7, 1e8]
const SCENARIOS: Scenario[] = [
  ...WAITING.map((waiting) => ({ name: `${waiting / 1e6} M waiting`, waiting })),
  { name: '10,000 follows/s for 10 s', followsPerS: 10_000, seconds: 10 },
  { name: '10,000 follows/s sustained', followsPerS: 10_000 },
]

/** The tables of docs/scaling.md. A test compares them with the page. */
export function scalingTables(): string[] {
  const plans = SCENARIOS.map(planFor)
  const waiting = plans.filter((p) => p.stored)
  const row = (name: string, of: readonly Plan[], value: (plan: Plan) => string) => [name, ...of.map(value)]
  const load = [
    ['Per second, at the peak', ...plans.map((p) => p.name)],
    row('runs started (mean)', plans, (p) => `${count(p.starts)} (${count(p.startsMean)})`),
    row('callbacks', plans, (p) => count(p.callbacks)),
    row('messages to WeChat', plans, (p) => count(p.sends)),
    row('events', plans, (p) => count(p.events)),
    row('state transitions', plans, (p) => count(p.transitions)),
    row('tasks of `send`', plans, (p) => count(p.tasks)),
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
  const bills = WAITING.map(cloudBillFor)
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
  return [load, needs, stored, cloud].map(markdownTable)
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
