import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, createCluster } from '../scripts/cluster/cluster.ts'
import { MissingProgramsError } from '../scripts/cluster/find-programs.ts'
import { temporaryFolder } from '../scripts/cluster/unix-user.ts'
import { freePort } from '../src/temporal/local-server/ports.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import { cpuTimeOf } from './cpu-time.ts'
import { type Counters, openDatabases, type StackDatabases } from './footprint-databases.ts'
import { startWechat } from './load/wechat.ts'
import { NotAvailableError } from './not-available.ts'
import { type Figure, runConcurrently } from './stats.ts'

const DEFAULT_FOLLOWERS = 200
const WARM_UP_FOLLOWERS = 60
const AT_A_TIME = 6
/** Temporal's visibility and cleanup tasks run a little after the events that cause them. */
const SETTLE_MS = 4_000
const IDLE_MS = 15_000
const REPORTED_FROM_BYTES = 50
const STAGE_TIMEOUT_MS = 300_000
const TASKS_TIMEOUT_MS = 90_000

/** Series of five steps planned from a reply, and how many of them have been sent when the followers are measured. */
const STAGES = [
  { name: 'waiting, 1 of 5 sent', id: 'early', after: ['0s', '10m', '22h', '30h', '47h'], sent: 1 },
  { name: 'waiting, 4 of 5 sent', id: 'late', after: ['0s', '1s', '2s', '3s', '47h'], sent: 4 },
  { name: 'ended, 5 of 5 sent', id: 'ended', after: ['0s', '1s', '2s', '3s', '4s'], sent: 5 },
] as const
type Stage = (typeof STAGES)[number]
/** The ids of the stages, for the command line. */
export const FOOTPRINT_STAGES = STAGES.map(({ id }) => id)

interface FootprintOptions {
  /** Followers of each stage. With more, the size of a page matters less. */
  followers?: number
  /** Ids of stages; default: all. */
  stages?: readonly string[]
}

const SECRETS = { admin_token: 'test-admin-token' }

/**
 * The cost of a follower in the three databases of the production stack, which runs without containers. The figures are the
 * bytes of each table and index, packed (after VACUUM FULL) and as written, the commits, the log and the CPU time. The use of the
 * idle stack is subtracted.
 * @throws NotAvailableError when this machine lacks a program
 */
export async function measureFootprint(
  print: (line: string) => void,
  options: FootprintOptions = {},
): Promise<Figure[]> {
  const folder = temporaryFolder('follower-nurture-footprint-')
  let cluster: Cluster | undefined
  try {
    mkdirSync(join(folder, 'secrets'))
    for (const [name, value] of Object.entries(SECRETS)) writeFileSync(join(folder, 'secrets', name), value)
    cluster = await createCluster({ folder, port: await freePort(), print: () => {} })
    await cluster.up()
    await cluster.waitUntilServing()
    return await measure({ cluster, folder, print, ...options })
  } catch (err) {
    if (!(err instanceof MissingProgramsError)) throw err
    throw new NotAvailableError(err.message)
  } finally {
    await cluster?.end()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function measure({
  cluster,
  folder,
  print,
  followers = DEFAULT_FOLLOWERS,
  stages = FOOTPRINT_STAGES,
}: FootprintOptions & {
  cluster: Cluster
  folder: string
  print: (line: string) => void
}): Promise<Figure[]> {
  const { PORT } = cluster.envOf('serve-1').env
  const wechat = await startWechat({ base: `http://127.0.0.1:${PORT}` })
  const databases = await openDatabases({
    host: join(folder, 'postgres'),
    port: Number(new URL(cluster.databaseUrl).port),
  })
  try {
    const figures: Figure[] = []
    const first = await addSeries(wechat, { ...STAGES[0], id: 'warm' })
    await play(databases, first, STAGES[0], WARM_UP_FOLLOWERS)
    const during = async (work: () => Promise<unknown>): Promise<Work> => {
      const before = cpuTimeOf(folder)
      const counters = await databases.during(work)
      return { counters, processor: subtract(cpuTimeOf(folder), before) }
    }
    const idle = await during(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)))
    for (const [name, count] of Object.entries(await databases.connections()))
      figures.push({ name: `connections, ${name}`, unit: '', value: count })
    for (const stage of STAGES.filter(({ id }) => stages.includes(id))) {
      print(`bench: ${followers} followers, ${stage.name}…`)
      const account = await addSeries(wechat, stage)
      await waitForTasks()
      await databases.pack()
      const before = await databases.sizes()
      const work = await during(() => play(databases, account, stage, followers))
      const written = await databases.sizes()
      await waitForTasks()
      await databases.pack()
      const packed = await databases.sizes()
      figures.push(...figuresOf(stage, { followers, before, written, packed, work, idle }))
    }
    return figures
  } finally {
    await databases.close()
    await wechat.close()
  }

  async function waitForTasks(): Promise<void> {
    if (!(await databases.waitForTasks(TASKS_TIMEOUT_MS)))
      print('bench: Temporal keeps executed tasks; the bytes of its task tables are too high')
  }
}

type Wechat = Awaited<ReturnType<typeof startWechat>>
type Series = Awaited<ReturnType<typeof addSeries>>

async function addSeries(wechat: Wechat, { id, after }: { id: string; after: readonly string[] }) {
  const appId = `wxfootprint${id}`.padEnd(18, '0')
  const account = await wechat.addAccount(appId, 'classic-48h')
  const steps = after.map(
    (at, i) =>
      `{id: step-${i + 1}, after: ${at}, since: reply, send: {text: "A text of some length, step ${i + 1}."}}`,
  )
  await wechat.publish(
    `id: ${id}\nname: ${id}\naccounts: [${appId}]\nentry: {event: subscribe}\nreply: {text: Reply 1.}\nsteps: [${steps.join(', ')}]\n`,
  )
  return { appId, account }
}

/** Lets `count` people follow and reply, and waits until each step that the stage sends was sent. */
async function play(databases: StackDatabases, { appId, account }: Series, { sent }: Stage, count: number) {
  await runConcurrently(count, AT_A_TIME, async (i) => {
    // As long as a real openid.
    const openId = `oFootprint${appId.slice(11, 14)}${String(i).padStart(15, '0')}`
    await account.follow(openId)
    await account.type(openId, '1')
  })
  const arrived = async () => (await databases.countSent(appId)) >= count * sent
  await waitFor(arrived, {
    message: () => `not every step of ${appId} was sent`,
    timeoutMs: STAGE_TIMEOUT_MS,
  })
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}

/** The work of a period: in the databases, and in ms of CPU time by part. */
interface Work {
  counters: Counters
  processor: Record<string, number>
}

function subtract(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, value - (b[key] ?? 0)]))
}

type Sizes = Record<string, Record<string, number>>

function figuresOf(
  stage: Stage,
  {
    followers,
    before,
    written,
    packed,
    work,
    idle,
  }: { followers: number; before: Sizes; written: Sizes; packed: Sizes; work: Work; idle: Work },
): Figure[] {
  const figures: Figure[] = []
  const add = (name: string, unit: string, value: number) =>
    figures.push({ name: `${stage.name}: ${name}`, unit, value })
  const grown = (after: Sizes, database: string, name: string) =>
    ((after[database]?.[name] ?? 0) - (before[database]?.[name] ?? 0)) / followers
  /** Per follower, without the use of the idle stack. */
  const each = (read: (work: Work) => number) =>
    (read(work) - (read(idle) * work.counters.seconds) / idle.counters.seconds) / followers

  const everything = (after: Sizes) =>
    Object.entries(packed).reduce(
      (sum, [database, sizes]) =>
        sum + Object.keys(sizes).reduce((inDatabase, name) => inDatabase + grown(after, database, name), 0),
      0,
    )
  add('all databases, packed', 'bytes', everything(packed))
  for (const [database, sizes] of Object.entries(packed)) {
    const names = Object.keys(sizes).sort()
    const sum = (after: Sizes, of: readonly string[]) =>
      of.reduce((total, name) => total + grown(after, database, name), 0)
    add(`${database}, packed`, 'bytes', sum(packed, names))
    add(`${database}, as written`, 'bytes', sum(written, names))
    for (const table of names.filter((name) => !name.includes('.'))) {
      const ofTable = names.filter((name) => name === table || name.startsWith(`${table}.`))
      if (sum(packed, ofTable) < REPORTED_FROM_BYTES) continue
      add(`${database}.${table} with its indexes, packed`, 'bytes', sum(packed, ofTable))
      for (const name of ofTable) {
        const value = grown(packed, database, name)
        if (value >= REPORTED_FROM_BYTES) add(`  ${name === table ? 'its rows' : name}`, 'bytes', value)
      }
    }
    const count = (key: 'commits' | 'rows') => each((w) => w.counters.databases[database]?.[key] ?? 0)
    add(`${database}, commits`, '', count('commits'))
    add(`${database}, rows written`, '', count('rows'))
  }
  const log = each((w) => w.counters.walBytes)
  add('log of all databases', 'bytes', log)
  for (const part of Object.keys(work.processor))
    add(
      `processor, ${part}`,
      'ms',
      each((w) => w.processor[part] ?? 0),
    )
  return figures
}
