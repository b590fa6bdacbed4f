import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { exitWithUsage, readOptions } from '../scripts/read-options.ts'
import { isolatedSettings, spawnProgram, waitUntilReady } from '../test/harness/process/program.ts'
import { measureCallbacks } from './callback.ts'
import { measureDueSteps } from './due-steps.ts'
import { FOOTPRINT_STAGES, measureFootprint } from './footprint.ts'
import { measureRunSize } from './history-size.ts'
import { measureMemory } from './memory.ts'
import { measurePeers, PEERS, type PeerResult } from './peers/index.ts'
import { STORY_SIZE } from './peers/story.ts'
import { peerTables } from './peers/tables.ts'
import { measureRunCost } from './run-cost.ts'
import { scalingTables } from './scaling/tables.ts'
import { measureStart } from './start.ts'
import { type Figure, formatFigures } from './stats.ts'
import { measureTenantIsolation } from './tenant-isolation.ts'
import { measureTokenRefreshes } from './tokens.ts'

const print = (line: string) => process.stderr.write(`${line}\n`)

const benches: Record<string, () => Promise<Figure[]>> = {
  start() {
    print('bench: six starts of npm start…')
    return measureStart()
  },
  memory() {
    print('bench: an idle npm start…')
    return measureMemory()
  },
  callbacks: () =>
    withProgram((env) => {
      print('bench: callbacks, at 1 and at 50 concurrent followers…')
      return measureCallbacks(`http://127.0.0.1:${env.PORT}`)
    }),
  due: () =>
    withProgram((env) => {
      print('bench: due steps of a few followers…')
      return measureDueSteps(`http://127.0.0.1:${env.PORT}`)
    }),
  size: () =>
    withProgram((env) => {
      print('bench: the size of a run…')
      return measureRunSize(`127.0.0.1:${env.TEMPORAL_PORT}`)
    }),
  isolation() {
    print('bench: isolation of accounts…')
    return measureTenantIsolation(print)
  },
  tokens: measureTokenRefreshes,
  footprint: () =>
    measureFootprint(print, {
      ...(values.followers ? { followers: Number(values.followers) } : {}),
      ...(values.stages ? { stages: values.stages.split(',') } : {}),
    }),
  cost: () => measureRunCost(print),
  async peers() {
    peerResults = await measurePeers(readPeerOptions(), print)
    return []
  },
}
/** They use both cores for minutes. */
const ONLY_ON_REQUEST = ['footprint', 'cost', 'peers']
/** Set by `peers`. The cast keeps the compiler from assuming that it stays null. */
let peerResults = null as PeerResult[] | null

const USAGE = `npm run bench -- [--only NAME,NAME] [--json FILE] [options of one bench]
  Measures the figures of docs/figures.md. Nothing is asserted, because machines differ.
  --only  ${Object.keys(benches).join(', ')}; all except ${ONLY_ON_REQUEST.join(', ')} by default.
          scaling measures nothing and prints the tables of docs/scaling.md
  --json  also writes the figures to this file
  --followers, --stages  for footprint: followers of each stage (200), and the stages (${FOOTPRINT_STAGES.join(', ')})
  --peer, --rounds, --count  for peers, which prints the tables of docs/performance.md: the designs (${PEERS.join(', ')}),
          how often each plays the story (5), and its waiting messages at most (2000)`

const { values } = readOptions(USAGE, {
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    followers: { type: 'string' },
    stages: { type: 'string' },
    peer: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '2000' },
  },
})
if (values.followers !== undefined && !/^[1-9]\d{0,5}$/.test(values.followers))
  exitWithUsage(USAGE, '--followers must be a whole number.')
for (const stage of values.stages?.split(',') ?? [])
  if (!FOOTPRINT_STAGES.some((id) => id === stage)) exitWithUsage(USAGE, `There is no stage "${stage}".`)
const names =
  values.only?.split(',') ?? Object.keys(benches).filter((name) => !ONLY_ON_REQUEST.includes(name))
if (!names.includes('peers') && values.peer) exitWithUsage(USAGE, '--peer is an option of --only peers.')
if (names.includes('peers')) readPeerOptions()
if (values.only === 'scaling') {
  process.stdout.write(`${scalingTables().join('\n\n')}\n`)
  process.exit(0)
}
const selected = names.map((name) => benches[name] ?? exitWithUsage(USAGE, `There is no bench "${name}".`))
const figures: Figure[] = []
for (const bench of selected) {
  figures.push(...(await bench()))
}
const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }
if (figures.length > 0) process.stdout.write(`${formatFigures(figures)}\n`)
if (peerResults) process.stdout.write(`${peerTables(peerResults)}\n`)
const results = { machine, figures, ...(peerResults ? { peers: peerResults } : {}) }
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
process.exit(0)

/** Exits with 2 when an option of `peers` is invalid. */
function readPeerOptions() {
  const peers = values.peer?.split(',') ?? PEERS
  const unknown = peers.find((name) => !PEERS.includes(name))
  if (unknown !== undefined) exitWithUsage(USAGE, `There is no peer "${unknown}".`)
  const [rounds, waiting] = [Number(values.rounds), Number(values.count)]
  if (![rounds, waiting].every((n) => Number.isInteger(n) && n > 0))
    exitWithUsage(USAGE, '--rounds and --count must be whole numbers above 0.')
  return { peers, rounds, size: { ...STORY_SIZE, waiting } }
}

async function withProgram(work: (env: Record<string, string>) => Promise<Figure[]>): Promise<Figure[]> {
  const { env, cleanUp } = await isolatedSettings()
  const program = spawnProgram('src/start.ts', { ...env, SIMULATOR: 'off', LOG_LEVEL: 'error' })
  try {
    await waitUntilReady(program)
    return await work(env)
  } finally {
    program.process.kill('SIGTERM')
    await program.exited
    cleanUp()
  }
}
