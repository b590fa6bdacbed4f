import { writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { exitWithUsage, readOptions } from '../../scripts/read-options.ts'
import { formatResults, measureAnonymousLoad, measuredRoutes, PLATFORM_ENV } from './anonymous.ts'
import { measureBurst, rowsOfBurst } from './burst.ts'
import { measureInserts } from './inserts.ts'
import { measureRate, rowsOfRate } from './rate.ts'
import { measureRestart, rowsOfRestart } from './restart.ts'
import { markdown, type Row } from './rows.ts'
import { startTarget, type TargetName } from './target.ts'

const USAGE = `npm run load -- [inserts|burst|rate|restart|anonymous …] [--store pglite|postgres|cluster] [--follows N]
                [--seconds N] [--runs N] [--connections N] [--only TEXT] [--json FILE]
  Measures the behaviour of the product under overload. Each part uses both cores for up to five minutes. Uses loopback
  only and exits by itself. Without names, all parts except anonymous run.`

const PARTS = ['inserts', 'burst', 'rate', 'restart', 'anonymous'] as const
const STORES: readonly TargetName[] = ['pglite', 'postgres', 'cluster']
const DISPATCHED_WITHIN_MS = 200_000

const { positionals, values } = readOptions(USAGE, {
  allowPositionals: true,
  options: {
    store: { type: 'string' },
    follows: { type: 'string', default: '10000' },
    seconds: { type: 'string' },
    runs: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '50' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
})
const print = (line: string) => process.stderr.write(`${line}\n`)
// `anonymous` takes a quarter of an hour, so it runs only on request.
const parts = PARTS.filter((part) =>
  positionals.length === 0 ? part !== 'anonymous' : positionals.includes(part),
)
// The production stack runs only on request.
const stores = STORES.filter((store) => (values.store ? values.store === store : store !== 'cluster'))
const [follows, runs] = [Number(values.follows), Number(values.runs)]
const seconds = Number(values.seconds ?? (parts.includes('anonymous') ? 30 : 10))
const connections = Number(values.connections)
const unknown = positionals.filter((p) => !PARTS.some((part) => part === p))
if (unknown.length > 0) exitWithUsage(USAGE, `There is no part "${unknown[0]}".`)
if (values.only !== undefined && measuredRoutes(values.only).length === 0)
  exitWithUsage(USAGE, `--only: no route contains "${values.only}": ${measuredRoutes('').join(', ')}`)
if (stores.length === 0) exitWithUsage(USAGE, `There is no store "${values.store}".`)
if (![follows, seconds, runs, connections].every((n) => n > 0))
  exitWithUsage(USAGE, '--follows, --seconds, --runs and --connections must be numbers above 0.')

const rows: Row[] = []
const tables: string[] = []
/** Load average of the last minute. Other work on the machine distorts every figure. */
const [loadBefore = 0] = loadavg()
if (loadBefore > cpus().length / 2)
  print(
    `load: the machine is busy (load average ${loadBefore.toFixed(1)}), so the figures will be worse than on an idle one`,
  )
for (const part of parts) {
  if (part === 'restart') {
    print(`load: ${runs} runs wait, the program is killed and started again…`)
    rows.push(...rowsOfRestart(await measureRestart(runs, print)))
    continue
  }
  for (const store of stores) {
    if (part === 'inserts') {
      if (store === 'cluster') continue
      print(`load: inserts, ${store}…`)
      rows.push(...((await measureInserts(store)) ?? []))
      continue
    }
    const target = await startTarget(store, print, part === 'anonymous' ? PLATFORM_ENV : {})
    if (!target) {
      print(`load: ${part} on ${store} is skipped, because a program that it needs is not installed`)
      continue
    }
    print(`load: ${part}, ${target.name}…`)
    if (part === 'anonymous') {
      const results = await measureAnonymousLoad(target, { seconds, connections, only: values.only }, print)
      tables.push(formatResults(target.name, results))
    } else if (part === 'burst') {
      const dispatchedWithinMs = DISPATCHED_WITHIN_MS
      rows.push(
        ...rowsOfBurst(
          target.name,
          seconds,
          await measureBurst(target, { follows, seconds, dispatchedWithinMs }),
        ),
      )
    } else rows.push(...rowsOfRate(target.name, await measureRate(target, print)))
  }
}
const machine = {
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  loadBefore,
}
if (rows.length + tables.length === 0) print('load: nothing was measured, for the reasons above')
if (rows.length > 0) process.stdout.write(`${markdown(rows)}\n`)
for (const table of tables) process.stdout.write(`${table}\n`)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rows, tables }, null, 2)}\n`)
process.exit(rows.length === 0 ? 1 : 0)
