import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { freshDatabase } from '../harness/stores.ts'
import { reconcilerOf } from '../harness/temporal-admin.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxmistakes000006'
const HOUR = 3_600_000
const SERIES = `
id: series
name: series
entry: { event: subscribe }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: gift } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
  - { id: last, after: 20h, since: reply, send: { text: last } }
`

/** A store that can be backed up and restored while nothing is connected to it. */
interface Backups {
  where: { dataDir: string } | { databaseUrl: string }
  take(): Promise<void>
  putBack(): Promise<void>
  remove(): Promise<void>
}

async function folder(): Promise<Backups> {
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-backup-'))
  const [store, copy] = [join(dataDir, 'store'), join(dataDir, 'copy')]
  const replace = (from: string, to: string) => {
    rmSync(to, { recursive: true, force: true })
    cpSync(from, to, { recursive: true })
  }
  return {
    where: { dataDir },
    take: async () => replace(store, copy),
    putBack: async () => replace(copy, store),
    remove: async () => rmSync(dataDir, { recursive: true, force: true }),
  }
}

async function database(): Promise<Backups> {
  const databaseUrl = await freshDatabase(inject('postgresUrl'))
  const name = new URL(databaseUrl).pathname.slice(1)
  const replace = async (from: string, to: string) => {
    const client = new pg.Client({ connectionString: inject('postgresUrl') })
    await client.connect()
    await client.query(`DROP DATABASE IF EXISTS ${to}`)
    await client.query(`CREATE DATABASE ${to} TEMPLATE ${from}`)
    await client.end()
  }
  return {
    where: { databaseUrl },
    take: () => replace(name, `${name}_copy`),
    putBack: () => replace(`${name}_copy`, name),
    remove: async () => {},
  }
}

const stores: [string, () => Promise<Backups>][] = [['PGlite', folder]]
if (inject('postgresUrl')) stores.push(['PostgreSQL', database])

describe.each(stores)('a store (%s) that is restored from a backup while Temporal continued', (_, open) => {
  let app: AppHarness
  let backups: Backups
  beforeAll(async () => {
    backups = await open()
    app = await startAppHarness({ temporalAddress: inject('temporalAddress'), ...backups.where })
    await app.addAccount({ appId: APP })
    await app.publish(SERIES)
  })
  afterAll(async () => {
    await app?.close()
    await backups?.remove()
  })

  const wechat = () => app.simulator.account(APP)
  const latest = async (openId: string) =>
    (await runsByFollower(app.services.db, { appId: APP, openId }, 1))[0]
  const textsTo = (openId: string) =>
    wechat()
      .sends.filter((s) => s.openId === openId)
      .map((s) => (s.body as { text?: { content?: string } }).text?.content)
  const follow = async (openId: string) => {
    await wechat().follow(openId)
    await app.waitForRun(APP, openId, (r) => r.runId !== null)
  }
  const reply = async (openId: string) => {
    await wechat().type(openId, '1')
    await app.waitForRun(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
  }
  const hop = (openId: string, hours: number) => wechat().fastForward(openId, hours * HOUR)

  it('sends no step twice, loses none, and learns the state of every run again', async () => {
    for (const openId of ['oLives', 'oEnds', 'oLeaves']) await follow(openId)
    await app.restart(() => backups.take())

    // The restore loses this hour.
    await reply('oLives')
    await reply('oEnds')
    await hop('oEnds', 21)
    await app.waitForRun(APP, 'oEnds', (r) => r.outcome === 'completed')
    await reply('oLeaves')
    await wechat().unfollow('oLeaves')
    await app.waitForRun(APP, 'oLeaves', (r) => r.outcome === 'unsubscribed')
    await follow('oBegins')
    await reply('oBegins')
    await app.restart(() => backups.putBack())
    expect((await latest('oLives'))?.state.steps[0]?.state).toBe('pending')
    expect(await latest('oBegins')).toBeUndefined()
    for (const openId of ['oEnds', 'oLeaves']) expect((await latest(openId))?.status).toBe('active')

    await waitFor(async () => {
      await reconcilerOf(app).run()
      return (await latest('oBegins')) !== undefined
    })
    const ends = await app.waitForRun(APP, 'oEnds', (r) => r.status === 'ended')
    expect(ends.outcome).toBe('completed')
    expect(ends.state.steps.map((s) => s.state)).toEqual(['sent', 'sent', 'sent'])
    const leaves = await app.waitForRun(APP, 'oLeaves', (r) => r.status === 'ended')
    expect(leaves.outcome).toBe('unsubscribed')
    const begins = await app.waitForRun(APP, 'oBegins', (r) => r.status === 'active')
    expect(begins.state.steps.map((s) => s.state)).toEqual(['sent', 'pending', 'pending'])

    for (const openId of ['oLives', 'oBegins']) {
      await hop(openId, 11)
      await app.waitForRun(APP, openId, (r) => r.state.steps[1]?.state === 'sent')
      await hop(openId, 11)
      const run = await app.waitForRun(APP, openId, (r) => r.status === 'ended')
      expect(run.state.steps.map((s) => s.state)).toEqual(['sent', 'sent', 'sent'])
    }
    for (const openId of ['oLives', 'oBegins', 'oEnds'])
      expect(textsTo(openId)).toEqual(['gift', 'later', 'last'])
    // The unfollow is lost. A follow begins a new run as always.
    await wechat().follow('oLeaves')
    await waitFor(async () => (await latest('oLeaves'))?.status === 'active')
    expect(textsTo('oLeaves')).toEqual(['gift'])
  })

  it('dispatches the pending events of the backup again, and nothing happens twice', async () => {
    await app.services.dispatcher.stop()
    await wechat().follow('oPending')
    await app.restart(() => backups.take())
    await app.waitForRun(APP, 'oPending', (r) => r.runId !== null)
    await reply('oPending')
    await hop('oPending', 21)
    await app.waitForRun(APP, 'oPending', (r) => r.outcome === 'completed')
    // Its entry is old when the store is restored.
    await app.restart(async () => {
      await backups.putBack()
      app.setClock(() => Date.now() + 40_000)
    })
    await waitFor(async () => (await latest('oPending')) !== undefined)
    await waitFor(async () => {
      await reconcilerOf(app, 130_000).run()
      return (await latest('oPending'))?.status === 'ended'
    })
    const run = await app.waitForRun(APP, 'oPending', (r) => r.status === 'ended')
    expect(run.outcome).toBe('completed')
    expect(textsTo('oPending')).toEqual(['gift', 'later', 'last'])
  })
})
