import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExportedRun, viewExportedRun } from '../../src/api/views/exported-run-view.ts'
import { DAY_MS, HOUR_MS } from '../../src/shared/time-units.ts'
import { anonymiseRuns } from '../../src/store/runs/anonymise-runs.ts'
import { eraseFollower } from '../../src/store/runs/erase-follower.ts'
import { type RunPosition, readRunNaming, readRunPage } from '../../src/store/runs/export-runs.ts'
import { deliveries, goals, runs } from '../../src/store/schema.ts'
import { type EntryFilter, readCampaignStatistics } from '../../src/store/statistics/read-statistics.ts'
import { addRun, anyWay, SHOP_PLAN, shopCampaigns, T0, wayOf } from '../fixtures/shop-runs.ts'
import { propertyRuns } from '../harness/property-runs.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const sumOf = (counts: readonly number[]) => counts.reduce((sum, n) => sum + n, 0)

describeOnBothStores('the exported runs of a campaign', (store) => {
  const db = () => store().db
  /** All lines, in pages of a size. */
  async function exported(filter: EntryFilter = {}, limit = 3, openIds = false): Promise<ExportedRun[]> {
    const nameOf = await readRunNaming(db(), T0)
    const about = { campaign: 'shop', nameOf, openIds }
    const scope = { campaign: 'shop', filter, until: T0 + HOUR_MS }
    const lines: ExportedRun[] = []
    let after: RunPosition | null = null
    do {
      const page = await readRunPage(db(), scope, { after, limit })
      lines.push(...page.map((run) => viewExportedRun(about, run, SHOP_PLAN.forks ?? [])))
      after = page.length < limit ? null : (page.at(-1) ?? null)
    } while (after)
    return lines
  }
  const statistics = (filter: EntryFilter = {}) =>
    readCampaignStatistics({ db: db(), campaigns: shopCampaigns }, 'shop', filter)

  it('are lines of what became of a run', async () => {
    await addRun(
      db(),
      wayOf('k1', {
        scene: 'expo-a*',
        goal: { value: 99.5 },
        states: ['sent', 'sent', 'sent', 'skipped', 'unknown'],
      }),
    )
    const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString()
    const of = (id: string, state: string, minutes: number | null, reason: string | null = null) => ({
      ...{ id, state, sentAt: minutes === null ? null : at(minutes), reason, errcode: null },
    })
    expect(await exported()).toEqual([
      {
        runKey: expect.stringMatching(/^[\w-]{22}$/),
        ...{ campaign: 'shop', version: 1, appId: 'wxA', entryAt: at(0), scene: 'expo-a*' },
        ...{ variant: 'test=short', outcome: 'completed', goal: { at: at(0), value: 99.5, step: 'hello' } },
        steps: [
          of('hello', 'sent', 0),
          of('mark', 'sent', 1),
          of('a', 'sent', 2),
          of('b', 'skipped', null, 'condition'),
          of('bye', 'unknown', null),
        ],
      },
    ])
  })

  it('add up to the statistics, whatever the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyWay, { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 4 }),
        async (ways, limit) => {
          for (const table of [runs, deliveries, goals]) await db().delete(table)
          for (const [i, w] of ways.entries()) await addRun(db(), { ...w, key: `k${i}`, openId: `o${i}` })
          // WeChat's answer came after the run had ended.
          for (const [i, w] of ways.entries())
            if (w.states[4] === 'unknown' && i % 2 === 0)
              await db()
                .insert(deliveries)
                .values({ runKey: `k${i}`, stepId: 'bye', appId: 'wxA', state: 'sent', updatedAt: T0 })
          for (const filter of [{}, { to: '2026-11-30' }, { from: '2026-12-01' }, { scene: '' }]) {
            const lines = await exported(filter, limit)
            expect(new Set(lines.map(({ runKey }) => runKey)).size).toBe(lines.length)
            const found = await statistics(filter)
            expect(lines).toHaveLength(found.runs.entered)
            expect(lines.filter(({ outcome }) => outcome === null)).toHaveLength(found.runs.active)
            expect(lines.filter(({ goal }) => goal)).toHaveLength(found.runs.goals)
            expect(sumOf(lines.map(({ goal }) => goal?.value ?? 0))).toBe(found.runs.value)
            const stepsOf = (id: string) => lines.flatMap(({ steps }) => steps.filter((s) => s.id === id))
            for (const { step, sent, unknown, skipped } of found.steps) {
              const by = (state: string) => stepsOf(step).filter((s) => s.state === state)
              expect([step, by('sent').length, by('unknown').length, by('skipped').length]).toEqual([
                ...[step, sent, unknown],
                sumOf(Object.values(skipped)),
              ])
            }
            for (const { branch, entered } of found.tests[0]?.variants ?? [])
              expect(lines.filter(({ variant }) => variant === `test=${branch}`)).toHaveLength(entered)
          }
        },
      ),
      // A case is a hundred statements.
      { numRuns: propertyRuns(10, 200) },
    )
  })

  it('are selected by version and account, and leave out runs that began later', async () => {
    await addRun(db(), wayOf('k1'))
    await addRun(db(), wayOf('k2'))
    await db().execute(sql`UPDATE ${runs} SET created_at = ${T0 + 2 * HOUR_MS}::bigint WHERE run_key = 'k2'`)
    expect(await exported()).toHaveLength(1)
    expect(await exported({ version: 1, appId: 'wxA' })).toHaveLength(1)
    expect(await exported({ version: 2 })).toEqual([])
    expect(await exported({ appId: 'wxB' })).toEqual([])
  })

  it('come once each, in the order of arrival, where many arrived in one millisecond', async () => {
    for (let i = 0; i < 7; i++) await addRun(db(), wayOf(`k${i}`))
    await db().execute(
      sql`UPDATE ${runs} SET created_at = created_at + 5, started_at = started_at + 5 WHERE run_key IN ('k1', 'k2')`,
    )
    const lines = await exported({}, 2)
    expect(new Set(lines.map(({ runKey }) => runKey)).size).toBe(7)
    expect(lines.map(({ entryAt }) => Date.parse(entryAt) - T0)).toEqual([0, 0, 0, 0, 0, 5, 5])
  })

  describe('and personal data', () => {
    const openId = 'oPersonal-0123456789abcdefgh'
    const NAME = '我叫王小明'
    const runKey = createHash('sha256').update(`wxA ${openId} 1`).digest('base64url')
    /** A run whose row has texts of its follower, and details in the reasons of its steps. */
    async function addPersonal(): Promise<void> {
      await addRun(db(), wayOf(runKey, { openId, repliedAfterMs: HOUR_MS, outcome: 'cancelled' }))
      await db().execute(sql`UPDATE ${runs} SET
        entry = jsonb_set(entry, '{text}', to_jsonb(${NAME}::text)),
        state = jsonb_set(jsonb_set(jsonb_set(jsonb_set(state,
          '{reply,text}', to_jsonb(${NAME}::text)), '{reason}', to_jsonb(${NAME}::text)),
          '{attributes}', jsonb_build_object('tags', jsonb_build_array(${NAME}::text))),
          '{steps,3,reason}', to_jsonb(${`template: no value for ${NAME}`}::text))`)
    }

    it('have none of it, unless openIds are asked for', async () => {
      await addPersonal()
      const lines = await exported()
      expect(lines[0]?.steps[3]).toMatchObject({ state: 'skipped', reason: 'template' })
      const text = JSON.stringify(lines)
      // A run key could be computed by anybody who knows the openId.
      for (const secret of [openId, openId.slice(0, 8), NAME, runKey, runKey.slice(0, 8)])
        expect(text).not.toContain(secret)
      expect(Object.keys(lines[0] ?? {})).not.toContain('openId')
      const [named] = await exported({}, 3, true)
      expect(named).toEqual({ ...lines[0], openId })
      expect(JSON.stringify(named)).not.toContain(NAME)
    })

    it('name a run by a hash that nobody can compute without the key of this store', async () => {
      await addPersonal()
      const [line] = await exported()
      const name = line?.runKey
      for (const algorithm of ['sha256', 'sha1', 'md5', 'sha512'])
        for (const text of [runKey, openId, `wxA/${openId}`])
          for (const encoding of ['hex', 'base64url'] as const)
            expect(createHash(algorithm).update(text).digest(encoding)).not.toContain(name)
      expect((await exported())[0]?.runKey).toBe(name)
      await db().execute(sql`DELETE FROM settings WHERE name = 'run-export-key'`)
      expect((await exported())[0]?.runKey).not.toBe(name)
    })

    it('keep the name of a run when it is anonymised, with no openId', async () => {
      await addPersonal()
      const [before] = await exported({}, 3, true)
      await anonymiseRuns(db(), { before: T0 + DAY_MS, after: null, limit: 10 })
      expect(await exported({}, 3, true)).toEqual([{ ...before, openId: null }])
    })

    it('give the runs of an erased follower another name', async () => {
      await addPersonal()
      const [before] = await exported({}, 3, true)
      await db().transaction((tx) => eraseFollower(tx, { appId: 'wxA', openId }))
      const [after] = await exported({}, 3, true)
      expect(after).toEqual({ ...before, openId: null, runKey: after?.runKey })
      expect(after?.runKey).not.toBe(before?.runKey)
    })
  })
})
