import { type SQL, sql } from 'drizzle-orm'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { BulkRunner } from '../../src/jobs/bulk-runner.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun, type RunState, type StepState } from '../../src/run/state.ts'
import { HOUR_MS } from '../../src/shared/time-units.ts'
import {
  BULK_LEASE_MS,
  claimBulkJob,
  createBulkJob,
  nextBulkRuns,
  purgeBulkRuns,
  readBulkJob,
  releaseBulkJobs,
  stopBulkJob,
  whyBulkJobWaits,
} from '../../src/store/bulk/bulk-jobs.ts'
import { listedBulkResults } from '../../src/store/bulk/bulk-results.ts'
import { countSelected, fittingRuns, latestOf, latestOfMany } from '../../src/store/bulk/selected-runs.ts'
import { eraseFollower } from '../../src/store/runs/erase-follower.ts'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { listLatestRuns, type RunFilter } from '../../src/store/runs/latest-runs.ts'
import { endRunFromOutside, insertRun, type RunRow, recordRun } from '../../src/store/runs/run-rows.ts'
import { execute } from '../../src/store/sql.ts'
import { TemporalUnavailableError } from '../../src/temporal/run-client.ts'
import { entryOf, planOf } from '../harness/run-simulation.ts'
import { describeOnBothStores } from '../harness/stores.ts'
import { waitFor } from '../harness/wait-for.ts'

const NOW = 1_800_000_000_000
const APP = 'wxlist0000000001'

interface Added {
  openId: string
  appId?: string
  campaign?: string
  version?: number
  qrScene?: string | null
  pattern?: string | null
  at?: number
  steps?: Partial<StepState>[]
  ends?: 'completed' | 'opted-out'
  paused?: boolean
  closesAt?: number
}

describeOnBothStores('the list of followers', (store) => {
  const db = () => store().db

  async function add(run: Added): Promise<string> {
    const { openId, appId = APP, campaign = 'welcome', version = 1, qrScene = null, at = NOW } = run
    const key = `${openId}-${at}`
    const plan = { ...planOf([{ id: 'a' }, { id: 'b' }]), campaign, version }
    const start = { entry: { ...entryOf(), key, at, qrScene }, plan }
    const follower = { appId, openId }
    const cohort = { day: '2026-11-30', scene: run.pattern ?? null }
    await insertRun(db(), follower, start, [], at, cohort)
    const begun = beginRun(plan, start.entry, [])
    const steps = begun.steps.map((step, i) => ({ ...step, ...run.steps?.[i] }))
    const state: RunState = { ...begun, steps, closesAt: run.closesAt ?? at + 48 * HOUR_MS, revision: 2 }
    const shown = run.paused ? { ...state, status: 'paused' as const } : state
    await recordRun(db(), follower, start, { state: shown, runId: `run-${key}` }, at)
    if (run.ends) await endRunFromOutside(db(), key, 2, endRun(state, run.ends, null, at), at)
    return key
  }

  const found = async (filter: RunFilter) =>
    (await listLatestRuns(db(), filter, { after: null, limit: 50 })).map(({ openId }) => openId)

  it('finds a follower by the beginning of the openId, and by nothing else of it', async () => {
    for (const openId of ['oAbc_1', 'oAbc%1', 'oabc_1', 'oAb'])
      await add({ openId: openId.replace('%', '-') })
    expect((await found({ openId: 'oAbc' })).sort()).toEqual(['oAbc-1', 'oAbc_1'])
    expect(await found({ openId: 'oAbc_1' })).toEqual(['oAbc_1'])
    expect(await found({ openId: 'bc_1' })).toEqual([])
  })

  it('finds by version, QR scene, pattern, reason and tag', async () => {
    await add({ openId: 'oOld', version: 1 })
    await add({ openId: 'oNew', version: 2, qrScene: 'hall-2', pattern: 'hall*' })
    await add({ openId: 'oHeld', campaign: 'other', steps: [{ state: 'held', reason: 'human-agent' }] })
    await add({ openId: 'oRefused', steps: [{ state: 'skipped', reason: null, errcode: 45047 }] })
    await add({ openId: 'oLate', steps: [{ state: 'skipped', reason: 'no-grant: 1' }], ends: 'completed' })
    const attributes = { tags: ['金卡'], subscribeScene: '', qrScene: '' }
    await saveFollower(db(), { appId: APP, openId: 'oOld' }, { attributes }, NOW)
    expect(await found({ campaign: 'welcome', version: 2 })).toEqual(['oNew'])
    expect(await found({ scene: 'hall-2' })).toEqual(['oNew'])
    expect(await found({ scene: 'hall*' })).toEqual(['oNew'])
    expect(await found({ scene: 'hall' })).toEqual([])
    expect(await found({ reason: 'human-agent' })).toEqual(['oHeld'])
    expect(await found({ reason: 'no-grant' })).toEqual(['oLate'])
    expect(await found({ reason: 'failed:45047' })).toEqual(['oRefused'])
    expect(await found({ tag: '金卡' })).toEqual(['oOld'])
    expect(await found({ tag: '银卡' })).toEqual([])
  })

  it('finds open runs whose window closes soon, and no ended one', async () => {
    await add({ openId: 'oSoon', closesAt: NOW + HOUR_MS })
    await add({ openId: 'oLater', closesAt: NOW + 7 * HOUR_MS })
    await add({ openId: 'oOver', closesAt: NOW + HOUR_MS, ends: 'completed' })
    const closing = (hours: number) => ({ closing: { after: NOW, until: NOW + hours * HOUR_MS } })
    expect(await found(closing(1))).toEqual(['oSoon'])
    expect((await found(closing(24))).sort()).toEqual(['oLater', 'oSoon'])
  })

  it('is in the same order, page by page, for a reason of few runs and of many', async () => {
    for (let i = 0; i < 7; i++)
      await add({
        openId: `o${i}`,
        at: NOW + Math.floor(i / 2),
        steps: [{ state: 'held', reason: 'no-grant' }],
      })
    await add({ openId: 'oOther', at: NOW + 9 })
    for (const rare of [0, 1_000]) {
      const pages: string[] = []
      for (let after: RunRow | null = null; ; ) {
        const page: RunRow[] = await listLatestRuns(db(), { reason: 'no-grant' }, { after, limit: 2 }, rare)
        pages.push(...page.map(({ openId }) => openId))
        after = page.at(-1) ?? null
        if (!after) break
      }
      expect([rare, pages]).toEqual([rare, ['o6', 'o5', 'o4', 'o3', 'o2', 'o1', 'o0']])
    }
  })

  it('has each follower once, with the latest run, although an earlier one fits the filter', async () => {
    await add({ openId: 'oTwice', campaign: 'first', ends: 'opted-out' })
    await add({ openId: 'oTwice', campaign: 'second', at: NOW + 1 })
    expect(await found({})).toEqual(['oTwice'])
    expect(await found({ campaign: 'first' })).toEqual([])
    expect(await found({ outcome: 'opted-out' })).toEqual([])
  })

  describe('a bulk job', () => {
    const log = pino({ level: 'silent' })

    function runner(ownerId: string, signal: (openId: string, verb: string) => 'ok' | 'not-open') {
      return new BulkRunner({
        db: db(),
        runs: {
          signal: async ({ openId }, verb) => signal(openId, verb),
          describe: async () => null,
        },
        namespaceGuard: { isExpected: async () => true },
        ownerId,
        now: () => NOW,
        log,
        pageMs: 0,
      })
    }

    async function addMany(count: number): Promise<void> {
      for (let i = 0; i < count; i++) await add({ openId: `o${String(i).padStart(3, '0')}`, at: NOW + i })
    }

    const begin = (id: string, action: 'pause' | 'cancel', filter: RunFilter = {}) =>
      db().transaction((tx) => {
        const job = {
          id,
          action,
          selection: {},
          reason: null,
          requestHash: null,
          createdBy: 'test',
          createdAt: NOW,
        }
        const status = action === 'pause' ? 'active' : null
        return createBulkJob(tx, job, fittingRuns(filter, status), 1_000)
      })
    const over = (id: string) =>
      waitFor(() => readBulkJob(db(), id), { until: (job) => job?.state !== 'running' })

    it('counts the same runs whether it looks up each or reads all newer ones', async () => {
      for (const [i, openId] of ['oA', 'oB', 'oC', 'oD', 'oE', 'oF', 'oG', 'oH'].entries()) {
        if (i & 1) await add({ openId, at: NOW - 5, campaign: 'first' })
        await add({ openId, at: NOW + i, paused: i === 2 })
        if (i & 2) await add({ openId, at: NOW + 9, campaign: 'other' })
        if (i & 4) await add({ openId, at: NOW + 10, campaign: 'other', ends: 'completed' })
      }
      const keysIn = async (selected: SQL) => {
        const { rows } = await execute<{ run_key: string }>(db(), sql`SELECT run_key FROM ${selected} AS s`)
        return rows.map(({ run_key }) => run_key).sort()
      }
      const welcome = fittingRuns({ campaign: 'welcome' }, 'active')
      expect(await keysIn(latestOf(welcome))).toEqual([`oA-${NOW}`, `oB-${NOW + 1}`])
      for (const fitting of [
        welcome,
        fittingRuns({}, null),
        fittingRuns({}, 'paused'),
        fittingRuns({ campaign: 'none' }, null),
      ])
        expect(await keysIn(latestOfMany(fitting))).toEqual(await keysIn(latestOf(fitting)))
      for (const many of [1, 100])
        expect(await countSelected(db(), welcome, NOW + 48 * HOUR_MS, many)).toEqual({
          count: 2,
          closingSoon: 1,
        })
    })

    it('counts first, and changes exactly the runs that were selected', async () => {
      await add({ openId: 'oActive', closesAt: NOW + HOUR_MS })
      await add({ openId: 'oPaused', paused: true })
      await add({ openId: 'oEnded', ends: 'completed' })
      const selected = fittingRuns({}, 'active')
      expect(await countSelected(db(), selected, NOW + 2 * HOUR_MS)).toEqual({ count: 1, closingSoon: 1 })
      await begin('job', 'pause')
      await add({ openId: 'oAfter', at: NOW + 1 })
      const signalled: string[] = []
      const one = runner('one', (openId) => {
        signalled.push(openId)
        return 'ok'
      })
      one.start()
      expect(await over('job')).toMatchObject({ state: 'finished', total: 1, done: 1, ended: 0, failed: 0 })
      await one.stop()
      expect(signalled).toEqual(['oActive'])
      expect(await readFollower(db(), { appId: APP, openId: 'oActive' })).toMatchObject({ paused: true })
    })

    it('is stored once for one id', async () => {
      await add({ openId: 'oOnce' })
      expect((await begin('job', 'pause')).isNew).toBe(true)
      expect(await begin('job', 'pause')).toMatchObject({ isNew: false, job: { total: 1 } })
    })

    it('says why it waits: for its turn, for a process that was lost or is restarted, or not at all', async () => {
      await add({ openId: 'oOnly' })
      await begin('first', 'pause')
      await begin('second', 'pause')
      const why = async (id: string, afterMs: number) => {
        const job = await readBulkJob(db(), id)
        return job && whyBulkJobWaits(db(), job, NOW + afterMs)
      }
      expect([await why('first', 20_000), await why('first', 21_000)]).toEqual([null, 'process'])
      const lease = (afterMs: number) => ({ ownerId: 'one', now: NOW + afterMs, leaseMs: BULK_LEASE_MS })
      expect(await claimBulkJob(db(), lease(30_000))).toMatchObject({ id: 'first' })
      expect([await why('first', 31_000), await why('second', 31_000)]).toEqual([null, 'turn'])
      // The process was killed.
      expect([await why('first', 60_000), await why('second', 60_000)]).toEqual(['process', 'process'])
      await releaseBulkJobs(db(), 'one')
      expect(await why('first', 31_000)).toBe('process')
      await db().transaction((tx) => stopBulkJob(tx, 'first', NOW))
      expect(await why('first', 60_000)).toBeNull()
    })

    it('tells which followers each of its results is about, also after they have a newer run', async () => {
      for (const openId of ['oDone', 'oEnded', 'oFails', 'oOther']) await add({ openId })
      await begin('job', 'cancel', { openId: 'oDone' })
      await begin('all', 'cancel')
      const one = runner('one', (openId) => {
        if (openId === 'oFails') throw new Error('a failure of the test')
        return openId === 'oEnded' ? 'not-open' : 'ok'
      })
      one.start()
      await over('job')
      expect(await over('all')).toMatchObject({ total: 4, done: 2, ended: 1, failed: 1 })
      await one.stop()
      const ofAll = (result?: 'done' | 'ended' | 'failed' | 'left') => found({ bulk: { job: 'all', result } })
      await add({ openId: 'oDone', at: NOW + 1, campaign: 'newer' })
      expect((await ofAll('done')).sort()).toEqual(['oDone', 'oOther'])
      expect(await ofAll('ended')).toEqual(['oEnded'])
      expect(await ofAll('failed')).toEqual(['oFails'])
      expect(await ofAll('left')).toEqual([])
      expect(await ofAll()).toHaveLength(4)
      expect(await found({ bulk: { job: 'job', result: 'done' } })).toEqual(['oDone'])
      expect(await listedBulkResults(db(), 'all')).toEqual(new Set(['done', 'ended', 'failed']))
      await db().transaction((tx) => eraseFollower(tx, { appId: APP, openId: 'oFails' }))
      expect(await listedBulkResults(db(), 'all')).toEqual(new Set(['done', 'ended']))
    })

    it('loses the list of its followers after the retention, and keeps the counts', async () => {
      await addMany(3)
      await begin('old', 'cancel', { openId: 'o000' })
      await begin('left', 'cancel')
      await db().transaction((tx) => stopBulkJob(tx, 'left', NOW))
      const one = runner('one', () => 'ok')
      one.start()
      await over('old')
      await one.stop()
      expect(await purgeBulkRuns(db(), NOW, 2)).toBe(0)
      expect(await purgeBulkRuns(db(), NOW + 1, 2)).toBe(3)
      expect(await purgeBulkRuns(db(), NOW + 1, 2)).toBe(1)
      expect(await listedBulkResults(db(), 'old')).toEqual(new Set())
      expect(await readBulkJob(db(), 'left')).toMatchObject({ total: 3, done: 0 })
      expect(await readBulkJob(db(), 'old')).toMatchObject({ total: 1, done: 1 })
    })

    it('stops midway: the other runs stay as they are, and are found as left', async () => {
      await addMany(120)
      await begin('job', 'cancel')
      const signalled = new Set<string>()
      const one = runner('one', (openId) => {
        signalled.add(openId)
        return 'ok'
      })
      const stopAt = waitFor(() => signalled.size >= 50, { pollMs: 1 }).then(() =>
        db().transaction((tx) => stopBulkJob(tx, 'job', NOW)),
      )
      one.start()
      await stopAt
      await one.stop()
      const job = await readBulkJob(db(), 'job')
      expect(job).toMatchObject({ state: 'stopped', total: 120, done: signalled.size })
      expect(signalled.size).toBeLessThan(120)
      expect(await listedBulkResults(db(), 'job')).toEqual(new Set(['done', 'left']))
      const left = await listLatestRuns(
        db(),
        { bulk: { job: 'job', result: 'left' } },
        { after: null, limit: 200 },
      )
      expect(left).toHaveLength(120 - signalled.size)
      expect(left.filter(({ openId }) => signalled.has(openId))).toEqual([])
    })

    it('is continued by another process, which counts each of 300 runs once', async () => {
      await addMany(300)
      await begin('job', 'pause')
      const signalled: string[] = []
      const note = (openId: string) => {
        signalled.push(openId)
        return openId === 'o299' ? ('not-open' as const) : ('ok' as const)
      }
      const first = runner('first', note)
      first.start()
      await waitFor(() => signalled.length >= 50, { pollMs: 1 })
      await first.stop()
      const between = await readBulkJob(db(), 'job')
      expect(between?.state).toBe('running')
      const second = runner('second', note)
      second.start()
      expect(await over('job')).toMatchObject({ state: 'finished', total: 300, done: 299, ended: 1 })
      await second.stop()
      expect(signalled).toHaveLength(300)
      // It had ended, so it is not paused for a later run.
      expect(await readFollower(db(), { appId: APP, openId: 'o299' })).toMatchObject({ paused: false })
    })

    it('waits while Temporal is away, and counts none as ended', async () => {
      await add({ openId: 'oWaits' })
      await begin('job', 'cancel')
      let calls = 0
      const one = runner('one', () => {
        calls += 1
        if (calls === 1) throw new TemporalUnavailableError('away')
        return 'ok'
      })
      one.start()
      expect(await over('job')).toMatchObject({ done: 1, ended: 0, failed: 0 })
      await one.stop()
      expect(calls).toBe(2)
    })

    it('loses the run of a follower whose data are erased', async () => {
      await add({ openId: 'oErased' })
      await begin('job', 'cancel')
      await db().transaction((tx) => eraseFollower(tx, { appId: APP, openId: 'oErased' }))
      expect(await nextBulkRuns(db(), 'job', 5)).toEqual([])
    })
  })
})
