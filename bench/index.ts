import { cpus, loadavg, totalmem } from 'node:os'
import { exitWithUsage, readOptions } from '../scripts/read-options.ts'
import { stopPrograms } from '../test/harness/process/program.ts'
import { BENCH_LIST, BENCH_NAMES, type BenchName, QUICK_BENCHES } from './bench-list.ts'
import { MEASURES } from './benches.ts'
import { COUNT_OPTIONS, type Counts, changedCounts, readCounts } from './counts.ts'
import { FOOTPRINT_STAGES } from './footprint.ts'
import { loadCurveTable } from './load-curve/table.ts'
import { NotAvailableError } from './not-available.ts'
import { PEERS } from './peers/index.ts'
import { peerTables } from './peers/tables.ts'
import { writePages } from './report/pages.ts'
import { type Machine, type Measured, type Results, readResults, writeResults } from './report/results.ts'
import { figuresFrom } from './scaling/figures.ts'
import { scalingBlocks } from './scaling/tables.ts'
import { formatFigures } from './stats.ts'

/** A bench that says nothing for so long is still alive. */
const PROGRESS_MS = 20_000
const print = (line: string) => process.stderr.write(`${line}\n`)

const USAGE = `npm run bench -- [--all | --only NAME,NAME] [--skip NAME,NAME | --from FILE] [--json FILE] [--write-docs]
                [counts]
  Measures the figures of docs/performance.md. Nothing is asserted, because machines differ.
${BENCH_NAMES.map((name) => `    ${name.padEnd(12)}${BENCH_LIST[name].text}${QUICK_BENCHES.includes(name) ? '' : ' (on request)'}`).join('\n')}
  --all         every bench; without it and without --only, those that do not say "on request"
  --json        also writes the results to this file, after each bench
  --write-docs  stores the results in docs/performance.json and writes the tables of docs/performance.md and
                docs/scaling.md, and the picture
  --from        measures nothing and takes the results of this --json file
  --only scaling  alone: measures nothing and prints the tables of docs/scaling.md
Counts, with their defaults:
${Object.entries(COUNT_OPTIONS)
  .map(([name, { bench, text, default: normal }]) => `  --${name.padEnd(14)}${bench}: ${text} (${normal})`)
  .join('\n')}
  --stages        footprint: ${FOOTPRINT_STAGES.join(', ')} (all)
  --peer          peers: ${PEERS.join(', ')} (all)`

const text = { type: 'string' } as const
const { values } = readOptions(USAGE, {
  options: {
    all: { type: 'boolean', default: false },
    only: text,
    skip: text,
    json: text,
    from: text,
    'write-docs': { type: 'boolean', default: false },
    stages: text,
    peer: text,
    ...Object.fromEntries(Object.keys(COUNT_OPTIONS).map((name) => [name, text])),
  },
})
const counts = requireCounts()
if (values.only === 'scaling') {
  const tables = scalingBlocks(figuresFrom(readResults().benches))
  process.stdout.write(`${Object.values(tables).join('\n\n')}\n`)
  process.exit(0)
}
const peers = listOf('--peer', values.peer, PEERS)
const stages = listOf('--stages', values.stages, FOOTPRINT_STAGES)
const names = selectBenches()
let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopOn(signal))

const results = values.from ? readResults(values.from) : await measureAll()
process.stdout.write(`${tablesOf(results)}\n`)
if (values['write-docs']) for (const file of writePages(results)) print(`bench: wrote ${file}`)
for (const [name, { reason }] of Object.entries(results.skipped))
  print(`bench: ${name} was not measured: ${reason}`)
process.exit(Object.values(results.skipped).some(({ failed }) => failed) ? 1 : 0)

/** Ends with 130, and none of the programs that were started stays. A second Ctrl-C ends at once. */
function stopOn(signal: 'SIGINT' | 'SIGTERM'): void {
  if (isStopping && signal === 'SIGINT') process.exit(130)
  if (isStopping) return
  isStopping = true
  print('bench: stopping what was started…')
  void stopPrograms().then(() => process.exit(130))
}

/** Exits with 2 when a count is invalid. */
function requireCounts(): Counts {
  const read = readCounts(values)
  return typeof read === 'string' ? exitWithUsage(USAGE, read) : read
}

/** The benches to run. Exits with 2 when one is unknown. */
function selectBenches(): BenchName[] {
  const skipped = listOf('--skip', values.skip ?? '', BENCH_NAMES)
  const chosen = values.only
    ? listOf('--only', values.only, BENCH_NAMES)
    : values.all
      ? BENCH_NAMES
      : QUICK_BENCHES
  return chosen.filter((name) => !skipped.includes(name))
}

/** The parts of a list, or all that are known. Exits with 2 when a part is unknown. */
function listOf<T extends string>(
  option: string,
  list: string | undefined,
  known: readonly T[],
): readonly T[] {
  const parts = list === undefined ? known : list.split(',').filter(Boolean)
  return parts.map(
    (part) =>
      known.find((name) => name === part) ??
      exitWithUsage(USAGE, `${option}: "${part}" is none of ${known.join(', ')}.`),
  )
}

/** Runs the benches one after the other. One that fails does not end the others. */
async function measureAll(): Promise<Results> {
  const machine: Machine = {
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
  const measured: Results = { benches: {}, skipped: {} }
  for (const [i, name] of names.entries()) {
    // The process ends soon.
    if (isStopping) await new Promise(() => {})
    print(`bench: ${i + 1} of ${names.length}: ${name}: ${BENCH_LIST[name].text}…`)
    const [measuredAt, [loadBefore = null], began] = [new Date().toISOString(), loadavg(), performance.now()]
    const seconds = () => ((performance.now() - began) / 1_000).toFixed(0)
    const progress = setInterval(() => print(`bench: ${name}: … ${seconds()} s`), PROGRESS_MS)
    try {
      const found = await MEASURES[name]({ counts, peers, stages, print })
      measured.benches[name] = { measuredAt, command: commandOf(name), machine, loadBefore, ...found }
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err)
      const failed = !(err instanceof NotAvailableError)
      const reason = failed ? `it failed: ${message}` : message
      measured.skipped[name] = { at: measuredAt, reason, failed }
      if (!isStopping) print(`bench: ${name}: ${reason}`)
    } finally {
      clearInterval(progress)
    }
    if (!isStopping) print(`bench: ${name}: ${seconds()} s`)
    if (values.json && !isStopping) writeResults(measured, values.json)
  }
  return measured
}

/** The command that repeats a bench of this run. */
function commandOf(name: BenchName): string {
  const stagesOption = name === 'footprint' && values.stages ? ` --stages ${values.stages}` : ''
  const peerOption = name === 'peers' && values.peer ? ` --peer ${values.peer}` : ''
  return `npm run bench -- --only ${name}${changedCounts(name, counts)}${stagesOption}${peerOption}`
}

/** The results for a terminal: one table of all figures, and those of the load curve and of the peers. */
function tablesOf({ benches }: Results): string {
  const all: Measured[] = Object.values(benches)
  const figures = all.flatMap((measured) => measured.figures)
  return [
    figures.length > 0 ? formatFigures(figures) : '',
    ...all.flatMap(({ curve }) => (curve ? [loadCurveTable(curve)] : [])),
    ...all.flatMap((measured) => (measured.peers ? [peerTables(measured.peers)] : [])),
  ]
    .filter(Boolean)
    .join('\n\n')
}
