import { writeFileSync } from 'node:fs'
import { exitWithUsage, readOptions } from '../../scripts/read-options.ts'
import { formatReport, type Report } from './judge/report.ts'
import { copyWithMutation, type Mutation, mutationByName } from './mutations.ts'
import { runChaos, type StoreKind } from './run-chaos.ts'

const USAGE = `npm run chaos -- [--minutes N] [--seed S] [--store postgres|embedded|both|cluster] [--per-second F]
                 [--json FILE] [--break NAME | --focus NAME]
  --minutes  minutes of faults, divided between the stores (4 by default)
  --store    both (PostgreSQL and embedded) by default; cluster is the stack of temporal-docker/compose.yaml
  --seed     seed of the schedule of faults and followers (1 by default)
  --per-second  mean number of new followers per second (1 by default)
  --break    runs a copy of the code in which a mutation breaks one invariant, under the faults that test this
             invariant. The run must fail (see test/chaos/mutations.ts)
  --focus    the same faults with the code unchanged. The run must pass
Exit code 1: something was lost, sent twice without cause, another guarantee was broken, or no store could run.`

const print = (line: string) => process.stderr.write(`${line}\n`)
const { values } = readOptions(USAGE, {
  options: {
    minutes: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'both' },
    'per-second': { type: 'string', default: '1' },
    json: { type: 'string' },
    break: { type: 'string' },
    focus: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const perSecond = Number(values['per-second'])
const stores: StoreKind[] = (['postgres', 'embedded', 'cluster'] as const).filter(
  (s) => values.store === s || (values.store === 'both' && s !== 'cluster'),
)
if (!(minutes > 0) || !(perSecond > 0))
  exitWithUsage(USAGE, '--minutes and --per-second must be numbers above 0.')
if (!Number.isInteger(seed)) exitWithUsage(USAGE, '--seed must be a whole number.')
if (stores.length === 0) exitWithUsage(USAGE, `There is no store "${values.store}".`)
const named = values.break ?? values.focus
const mutation = named === undefined ? null : readMutation(named)
const focused = mutation ? { focus: mutation.focus } : {}
const mutated = mutation && values.break ? { root: copyWithMutation(mutation) } : {}
const reports: Report[] = []
for (const store of stores) {
  print(`chaos: ${store}, seed ${seed}, ${(minutes / stores.length).toFixed(1)} minutes of faults`)
  const forMs = (minutes * 60_000) / stores.length
  const report = await runChaos({ store, seed, forMs, perSecond, print, ...focused, ...mutated })
  if (report) reports.push(report)
}
process.stdout.write(`${reports.map(formatReport).join('\n')}\n`)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ seed, minutes, reports }, null, 2)}\n`)
if (reports.length === 0) print('chaos: no store could run; the reasons are above')
process.exit(reports.length === 0 || reports.some((r) => r.findings.length > 0) ? 1 : 0)

function readMutation(name: string): Mutation {
  try {
    return mutationByName(name)
  } catch (err) {
    return exitWithUsage(USAGE, err instanceof Error ? err.message : String(err))
  }
}
