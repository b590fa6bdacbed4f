import { pino } from 'pino'
import { expect, it } from 'vitest'
import { NO_OPT_OUT_WORDS } from '../../src/dispatch/dispatch-context.ts'
import { planDispatch } from '../../src/dispatch/plan-dispatch.ts'
import { createPurge } from '../../src/jobs/purge.ts'
import { createRunPurge } from '../../src/jobs/purge-runs.ts'
import type { Outcome } from '../../src/run/outcome.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun, type StepState } from '../../src/run/state.ts'
import { DAY_MS } from '../../src/shared/time-units.ts'
import { readCampaignTotals } from '../../src/store/runs/campaign-totals.ts'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { purgeRuns } from '../../src/store/runs/purge-runs.ts'
import { endRunFromOutside, insertRun, runsByFollower } from '../../src/store/runs/run-rows.ts'
import { deliveries, runs, runTotals, stepTotals } from '../../src/store/schema.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const NOW = 1_800_000_000_000
const RETENTION_DAYS = 30
const RUN_RETENTION_DAYS = 90
const step = (id: string) => ({
  id,
  kind: 'text',
  media: false,
  afterMs: 0,
  since: 'entry' as const,
  ifLate: 'hold' as const,
  when: null,
})
const plan = (version = 1) => ({
  campaign: 'welcome',
  version,
  steps: [step('hi'), step('bye')],
  spacingMs: 2_000,
  windowMs: 3_600_000,
  exitKeywords: [],
})

describeOnBothStores('the purge of ended runs', (store) => {
  const db = () => store().db
  const log = pino({ level: 'silent' })
  /** A run that ended `daysAgo`, or is active. Its first step was sent. */
  async function addRun(
    openId: string,
    options: {
      daysAgo: number | null
      outcome?: Outcome
      appId?: string
      version?: number
      /** The state of the second step. */
      bye?: StepState['state']
    },
  ): Promise<string> {
    const { daysAgo, outcome = 'completed', appId = 'wxA', version = 1, bye = 'skipped' } = options
    const key = `run-of-${openId}`
    const at = NOW - ((daysAgo ?? 0) + 1) * DAY_MS
    const entry = { at, seq: 1, key, event: 'subscribe' as const, qrScene: null, eventKey: null, text: null }
    const follower = { appId, openId }
    await saveFollower(db(), follower, { followedAt: at, followedSeq: 1 }, at)
    await insertRun(db(), follower, { entry, plan: plan(version) }, [], at)
    const delivery = { runKey: key, appId, attempts: 1, updatedAt: at }
    await db()
      .insert(deliveries)
      .values({ ...delivery, stepId: 'hi', state: 'sent', sentAt: at })
    if (daysAgo === null) return key
    const begun = beginRun(plan(version), entry, [])
    const endedAt = NOW - daysAgo * DAY_MS
    const ended = endRun(begun, outcome, null, endedAt)
    const steps = ended.steps.map((s, i) => ({ ...s, state: i === 0 ? ('sent' as const) : bye }))
    await endRunFromOutside(db(), key, 0, { ...ended, steps }, endedAt)
    return key
  }
  const anonymise = (retentionDays = RETENTION_DAYS, now = NOW) =>
    createPurge({ db: db(), now: () => now, retentionDays }).run({ lastRunAt: null })
  const purge = (settings: Partial<Parameters<typeof createRunPurge>[0]> = {}) =>
    createRunPurge({
      db: db(),
      now: () => NOW,
      log,
      retentionDays: RETENTION_DAYS,
      runRetentionDays: RUN_RETENTION_DAYS,
      ...settings,
    }).run({ lastRunAt: null })
  const runKeys = async () => (await db().select().from(runs)).map((r) => r.runKey).sort()
  const deliveryKeys = async () => (await db().select().from(deliveries)).map((d) => d.runKey).sort()

  it('leaves nothing of the follower in an anonymous run', async () => {
    const key = await addRun('oOld', { daysAgo: RETENTION_DAYS + 1 })
    const [before] = await db().select().from(runs)
    if (!before) throw new Error('no run')
    const personal = {
      own: { doctor: '李' },
      answer: '有隐私',
      recentEvents: [{ event: 'message' as const, at: NOW, text: '有隐私' }],
      attributes: { tags: ['金卡'], qrScene: '', subscribeScene: '', at: NOW },
    }
    await db()
      .update(runs)
      .set({ state: { ...before.state, ...personal } })
    await anonymise()
    const [after] = await db().select().from(runs)
    expect(after).toMatchObject({ runKey: key, openId: expect.stringContaining('anonymous-') })
    expect(JSON.stringify(after)).not.toMatch(/李|隐私|金卡/)
  })

  it('deletes the runs that ended long ago with their deliveries, and no others', async () => {
    await addRun('oOld', { daysAgo: RUN_RETENTION_DAYS + 1 })
    const kept = [
      await addRun('oYoung', { daysAgo: RUN_RETENTION_DAYS - 1 }),
      await addRun('oActive', { daysAgo: null }),
    ].sort()
    await anonymise()
    await purge()
    expect(await runKeys()).toEqual(kept)
    expect(await deliveryKeys()).toEqual(kept)
  })

  it('changes no count: the totals of the campaign are the same before, between and after', async () => {
    await addRun('o1', { daysAgo: 200 })
    await addRun('o2', { daysAgo: 200, outcome: 'unsubscribed', bye: 'unknown' })
    await addRun('o3', { daysAgo: 150, appId: 'wxB' })
    await addRun('o4', { daysAgo: 150, version: 2, bye: 'sent' })
    await addRun('o5', { daysAgo: 10, version: 2 })
    await addRun('o6', { daysAgo: null, version: 2 })
    // WeChat's answer arrived after the run had ended: the delivery says so, and the snapshot does not.
    const late = await addRun('o7', { daysAgo: 120, version: 2, bye: 'unknown' })
    const sent = { state: 'sent' as const, appId: 'wxA', updatedAt: NOW }
    await db()
      .insert(deliveries)
      .values({ ...sent, runKey: late, stepId: 'bye' })
    const before = await readCampaignTotals(db(), 'welcome')
    expect(before).toEqual([
      {
        version: 2,
        runs: { active: 1, completed: 3 },
        steps: { bye: { pending: 1, sent: 2, skipped: 1 }, hi: { sent: 4 } },
      },
      {
        version: 1,
        runs: { completed: 2, unsubscribed: 1 },
        steps: { bye: { skipped: 2, unknown: 1 }, hi: { sent: 3 } },
      },
    ])
    for (const slice of [1, 2, 3])
      expect(await readCampaignTotals(db(), 'welcome', () => slice)).toEqual(before)
    await anonymise()
    for (let left = 5; left > 0; left--) {
      expect(await purgeRuns(db(), { before: NOW - RUN_RETENTION_DAYS * DAY_MS, limit: 1 })).toBe(1)
      expect(await readCampaignTotals(db(), 'welcome')).toEqual(before)
    }
    expect(await purgeRuns(db(), { before: NOW - RUN_RETENTION_DAYS * DAY_MS, limit: 1 })).toBe(0)
    expect(await runKeys()).toEqual(['run-of-o5', 'run-of-o6'])
    expect(await db().$count(runTotals)).toBeGreaterThan(0)
    expect(await db().$count(stepTotals)).toBeGreaterThan(0)
    // Of each account.
    const accounts = (await db().select().from(runTotals)).map((t) => `${t.appId} ${t.runs}`).sort()
    expect(accounts).toEqual(['wxA 1', 'wxA 1', 'wxA 2', 'wxB 1'])
  })

  it('deletes the oldest first, at most one batch in a statement, until none is left', async () => {
    for (let i = 0; i < 7; i++) await addRun(`o${i}`, { daysAgo: 100 + i })
    await anonymise()
    const before = NOW - RUN_RETENTION_DAYS * DAY_MS
    expect(await purgeRuns(db(), { before, limit: 3 })).toBe(3)
    expect(await runKeys()).toEqual(['run-of-o0', 'run-of-o1', 'run-of-o2', 'run-of-o3'])
    await purge({ batch: 3 })
    expect(await runKeys()).toEqual([])
    expect(await readCampaignTotals(db(), 'welcome')).toMatchObject([{ runs: { completed: 7 } }])
  })

  it('two processes that purge at once count each run once', async () => {
    for (let i = 0; i < 20; i++) await addRun(`o${i}`, { daysAgo: 100 })
    await anonymise()
    await Promise.all([purge({ batch: 3 }), purge({ batch: 4 }), purge({ batch: 5 })])
    await purge()
    expect(await runKeys()).toEqual([])
    expect(await readCampaignTotals(db(), 'welcome')).toMatchObject([
      { runs: { completed: 20 }, steps: { hi: { sent: 20 } } },
    ])
  })

  it('keeps everything with RUN_RETENTION_DAYS=0', async () => {
    const key = await addRun('oOld', { daysAgo: 10_000 })
    await anonymise()
    await purge({ runRetentionDays: 0 })
    expect(await runKeys()).toEqual([key])
  })

  it('a follower does not enter again because the run was purged: a run with an openId stays', async () => {
    const follower = { appId: 'wxA', openId: 'oOnce' }
    const key = await addRun('oOnce', { daysAgo: 200 })
    const retentionDays = 365
    await anonymise(retentionDays)
    await purge({ retentionDays })
    expect(await runKeys()).toEqual([key])
    // Not even when both are due, before the run is anonymised.
    await purge({ retentionDays: 1, runRetentionDays: 1 })
    expect(await runKeys()).toEqual([key])

    const entry = { campaign: 'welcome', version: 1, event: 'subscribe' as const }
    const event = {
      kind: 'subscribe',
      scene: 'subscribe' as const,
      text: null,
      qrScene: null,
      eventKey: null,
    }
    const { action } = planDispatch({
      row: {
        id: 2,
        ...follower,
        dedupeKey: 'second-follow',
        kind: 'subscribe',
        createTime: NOW,
        receivedAt: NOW,
        event: { ...event, start: entry },
        reply: null,
        answered: null,
        answeredDay: null,
        dispatchedAt: null,
        result: null,
        leaseOwnerId: null,
        leaseExpiresAt: null,
        attempts: 1,
        retryAt: null,
        lastError: null,
      },
      follower: await readFollower(db(), follower),
      runs: await runsByFollower(db(), follower),
      rules: 'wechat-2023',
      matched: { plan: plan(), reentry: 'never' },
      words: NO_OPT_OUT_WORDS,
    })
    expect(action).toEqual({ do: 'nothing', result: 'no-run' })
  })
})
