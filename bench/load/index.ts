import { writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { measureBurst, rowsOfBurst } from './burst.ts'
import { measureInserts } from './inserts.ts'
import { measureRate, rowsOfRate } from './rate.ts'
import { measureRestart, rowsOfRestart } from './restart.ts'
import { markdown, type Row } from './rows.ts'
import { measureStrangers, PLATFORM_ENV, tableOf } from './strangers.ts'
import { startTarget, type TargetName } from './target.ts'

/**
 * `npm run load -- [inserts|burst|rate|restart|strangers …] [--store pglite|postgres|cluster] [--follows N] [--seconds N] [--runs N] [--connections N] [--only TEXT] [--json FILE]`:
 * what the product does when more comes than it can serve. Apart from `npm run bench`, which tells of a quiet day in two
 * minutes: each of these fills both cores for up to five minutes. Only loopback; ends by itself.
 */
const PARTS = ['inserts', 'burst', 'rate', 'restart', 'strangers'] as const
const STORES: readonly TargetName[] = ['pglite', 'postgres', 'cluster']
const DISPATCHED_WITHIN_MS = 200_000

const { positionals, values } = parseArgs({
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
const say = (line: string) => process.stderr.write(`${line}\n`)
// The whole of `strangers` takes a quarter of an hour: only where it is asked for.
const parts = PARTS.filter((part) =>
  positionals.length === 0 ? part !== 'strangers' : positionals.includes(part),
)
// The whole stack only where it is asked for.
const stores = STORES.filter((store) => (values.store ? values.store === store : store !== 'cluster'))
const [follows, runs] = [Number(values.follows), Number(values.runs)]
const seconds = Number(values.seconds ?? (parts.includes('strangers') ? 30 : 10))
const connections = Number(values.connections)
const unknown = positionals.filter((p) => !PARTS.some((part) => part === p))
if (unknown.length > 0 || stores.length === 0 || ![follows, seconds, runs, connections].every((n) => n > 0)) {
  say(
    'usage: npm run load -- [inserts|burst|rate|restart|strangers …] [--store pglite|postgres|cluster] [--follows N] [--seconds N] [--runs N] [--connections N] [--only TEXT] [--json FILE]',
  )
  process.exit(2)
}

const rows: Row[] = []
const tables: string[] = []
/** Of the minute before: other work on the machine spoils every figure here. */
const [loadBefore = 0] = loadavg()
if (loadBefore > cpus().length / 2)
  say(`load: the machine is busy (load average ${loadBefore.toFixed(1)}): the figures will be too bad`)
for (const part of parts) {
  if (part === 'restart') {
    say(`load: ${runs} runs wait, the program is killed, and starts again…`)
    rows.push(...rowsOfRestart(await measureRestart(runs, say)))
    continue
  }
  for (const store of stores) {
    if (part === 'inserts') {
      if (store === 'cluster') continue
      say(`load: inserts, ${store}…`)
      rows.push(...((await measureInserts(store)) ?? []))
      continue
    }
    const target = await startTarget(store, say, part === 'strangers' ? PLATFORM_ENV : {})
    if (!target) {
      say(`load: what ${store} needs is not installed; ${part} on it is skipped`)
      continue
    }
    say(`load: ${part}, ${target.name}…`)
    if (part === 'strangers') {
      const flooded = await measureStrangers(target, { seconds, connections, only: values.only }, say)
      tables.push(tableOf(target.name, flooded))
    } else if (part === 'burst') {
      const dispatchedWithinMs = DISPATCHED_WITHIN_MS
      rows.push(
        ...rowsOfBurst(
          target.name,
          seconds,
          await measureBurst(target, { follows, seconds, dispatchedWithinMs }),
        ),
      )
    } else rows.push(...rowsOfRate(target.name, await measureRate(target, say)))
  }
}
const machine = {
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  loadBefore,
}
if (rows.length + tables.length === 0) say('load: nothing was measured; the reasons are above')
if (rows.length > 0) process.stdout.write(`${markdown(rows)}\n`)
for (const table of tables) process.stdout.write(`${table}\n`)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rows, tables }, null, 2)}\n`)
process.exit(rows.length === 0 ? 1 : 0)
