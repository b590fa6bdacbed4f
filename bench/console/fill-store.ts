import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { cursor } from '../../src/api/routes/route-helpers.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import type { FollowerKey } from '../../src/shared/ids.ts'
import { LATENESS_BUCKETS } from '../../src/shared/metrics.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../src/shared/time-units.ts'
import type { Db, Store } from '../../src/store/db.ts'
import { recordRun } from '../../src/store/runs/run-rows.ts'
import {
  activityCounts,
  apiTokens,
  auditLog,
  deliveries,
  followers,
  goals,
  inbox,
  media,
  qrcodes,
  runs,
  users,
} from '../../src/store/schema.ts'
import { execute } from '../../src/store/sql.ts'
import { SLOT_MS, slotOf } from '../../src/store/statistics/activity-counts.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { testAccount } from '../../test/fixtures/test-account.ts'
import { createRandom } from '../../test/harness/random.ts'
import { sampleCampaigns, sampleRun } from './sample-runs.ts'
import { SERVICE_CONFIG, STORE_KEY } from './service-settings.ts'

/** Runs that are made one by one. The others are copies of them with other followers, some seconds later. */
const SAMPLES = 1_000
const APP_IDS = Array.from({ length: 12 }, (_, i) => `wxbenchconsole${String(i).padStart(4, '0')}`)
const AUDIT_ROWS = 50_000
const SLOTS = (2 * DAY_MS) / SLOT_MS
const LATE_BUCKETS = [...LATENESS_BUCKETS.map(String), '+Inf']
const REASONS = [
  'replied',
  'no-grant',
  'other-branch',
  'window-closed',
  'no-reply',
  'cancelled',
  'late',
  'capped',
]
const OUTCOMES = ['completed', 'window-closed', 'unsubscribed', 'opted-out', 'cancelled']

/** What the pages of a filled store are asked for. */
export interface Filled {
  campaign: string
  appId: string
  active: FollowerKey
  ended: FollowerKey
  /** Cursors in the middle of the list of all followers, and of those whose runs have ended. */
  deep: string
  deepEnded: string
  auditCursor: string
}

/**
 * Fills an empty store as a product of a month has it: runs of several accounts and campaigns with their messages, events and
 * followers, counts of two days, QR codes, media, users and an audit log.
 * @param count how many followers
 */
export async function fillStore({ db }: Store, count: number): Promise<Filled> {
  const temporal = connectTemporal({ namespace: 'default', connection: { address: '127.0.0.1:9' } }, 'bench')
  const log = pino({ level: 'silent' })
  const services = createServices({ config: SERVICE_CONFIG, db, temporal, encryptionKey: STORE_KEY, log })
  const now = Date.now()
  try {
    const campaign = await addSettings(services)
    await addSampleRuns(db, now)
    await copyRuns(db, Math.max(1, Math.round(count / SAMPLES)))
    await addTraces(db, now)
    await addCounts(db, now)
    await addLibrary(db, now)
    for (const table of ['runs', 'followers', 'deliveries', 'inbox', 'goals', 'audit_log', 'activity_counts'])
      await db.execute(sql`VACUUM (ANALYZE) ${sql.identifier(table)}`)
    return { campaign, appId: APP_IDS[0] as string, ...(await readSamples(db)) }
  } finally {
    await temporal.close()
  }
}

/** Accounts, and campaigns of which the first has three versions and a draft. Returns its id. */
async function addSettings({ accounts, campaigns, drafts }: Services): Promise<string> {
  for (const [i, appId] of APP_IDS.entries())
    await accounts.add(testAccount({ appId, name: `门店 ${i + 1}` }))
  const all = sampleCampaigns()
  const [first] = all
  if (!first) throw new Error('there is no campaign')
  for (const { source, model } of all) await campaigns.publish(source, model, [])
  for (const name of ['第二版', '第三版'])
    await campaigns.publish(first.source, { ...first.model, name: `${first.model.name} ${name}` }, [])
  await drafts.save(first.model.id, { source: first.source, savedBy: 'bench' }, undefined)
  return first.model.id
}

async function addSampleRuns(db: Db, now: number): Promise<void> {
  const random = createRandom(20)
  const campaigns = sampleCampaigns()
  for (let i = 0; i < SAMPLES; i++) {
    const name = `bench-${String(i).padStart(5, '0')}`
    const { follower, start, state, cohort } = sampleRun(name, campaigns, { appIds: APP_IDS, random, now })
    await recordRun(db, follower, start, { state, runId: `bench-run-${i}` }, start.entry.at, cohort)
  }
}

/** Each run once more for other followers, a second later each. Half of the runs of the first campaign are of older versions. */
async function copyRuns(db: Db, copies: number): Promise<void> {
  await execute(
    db,
    sql`INSERT INTO ${runs} SELECT c.* FROM ${runs} r CROSS JOIN generate_series(1, ${copies - 1}::integer) i
      CROSS JOIN LATERAL jsonb_populate_record(r, jsonb_build_object(
        'run_key', r.run_key || '-' || i,
        'open_id', 'o' || translate(substr(encode(sha256((r.run_key || i)::bytea), 'base64'), 1, 27), '+/', '-_'),
        'version', CASE WHEN i % 4 = 0 AND r.campaign = 'lead-magnet' THEN 1 + i % 3 ELSE r.version END,
        'entry', r.entry || jsonb_build_object('key', r.run_key || '-' || i),
        'created_at', r.created_at + i * ${SECOND_MS}::bigint,
        'ended_at', r.ended_at + i * ${SECOND_MS}::bigint)) c`,
  )
}

/** The followers of the runs, the messages, and the events of the last week. */
async function addTraces(db: Db, now: number): Promise<void> {
  await execute(
    db,
    sql`INSERT INTO ${followers} (app_id, open_id, followed_at, last_interaction_at, attributes, grants, updated_at)
      SELECT app_id, open_id, created_at, (state->>'lastInteractionAt')::bigint,
        jsonb_build_object('subscribeScene', 'ADD_SCENE_QR_CODE', 'qrScene', COALESCE(entry->>'qrScene', ''), 'tags',
          CASE WHEN hashtext(open_id) % 3 = 0 THEN '["领过手册"]'::jsonb
            WHEN hashtext(open_id) % 2000 = 1 THEN '["贵宾"]'::jsonb ELSE '[]'::jsonb END),
        COALESCE(state->'ledger', '[]'::jsonb), updated_at
      FROM ${runs}`,
  )
  await execute(
    db,
    sql`INSERT INTO ${deliveries} (run_key, step_id, app_id, state, attempts, ended_at, sent_at, updated_at)
      SELECT r.run_key, s->>'id', r.app_id, s->>'state', 1, x.at, x.at, x.at
      FROM ${runs} r CROSS JOIN LATERAL jsonb_array_elements(r.state->'steps') s
      CROSS JOIN LATERAL (SELECT (s->>'sentAt')::bigint + abs(hashtext(r.run_key)) % 50000 AS at) x
      WHERE s->>'state' IN ('sent', 'unknown') AND s->>'sentAt' IS NOT NULL`,
  )
  await execute(
    db,
    sql`INSERT INTO ${inbox} (app_id, open_id, dedupe_key, kind, create_time, received_at, event, dispatched_at, result)
      SELECT r.app_id, r.open_id, r.run_key || x.kind, x.kind, x.at, x.at, jsonb_build_object('scene', x.scene), x.at, 'started'
      FROM ${runs} r CROSS JOIN LATERAL (
        SELECT 'subscribe' AS kind, r.created_at AS at, 'subscribe' AS scene
        UNION ALL SELECT 'text', (r.state->'reply'->>'at')::bigint, 'message' WHERE r.state->'reply'->>'at' IS NOT NULL) x
      WHERE r.created_at > ${now - 7 * DAY_MS}::bigint`,
  )
  await execute(
    db,
    sql`INSERT INTO ${goals} (run_key, app_id, campaign, version, at, value)
      SELECT run_key, app_id, campaign, version, created_at + ${HOUR_MS}::bigint, 99 FROM ${runs}
      WHERE hashtext(run_key) % 30 = 0`,
  )
}

/** The counts of the overview, of today and yesterday. */
async function addCounts(db: Db, now: number): Promise<void> {
  const labels: [metric: string, label: string][] = [
    ['entered', ''],
    ['replied', ''],
    ['send', 'sent'],
    ['send', 'refused'],
    ...REASONS.map((reason): [string, string] => ['skipped', reason]),
    ...REASONS.map((reason): [string, string] => ['held', reason]),
    ...OUTCOMES.map((outcome): [string, string] => ['ended', outcome]),
    ...LATE_BUCKETS.map((bucket): [string, string] => ['late', bucket]),
  ]
  for (let back = 0; back < SLOTS; back++)
    await db.insert(activityCounts).values(
      labels.map(([metric, label], i) => ({
        slot: slotOf(now) - back * SLOT_MS,
        metric,
        label,
        n: 1 + ((back * 7 + i * 13) % 90),
      })),
    )
}

async function addLibrary(db: Db, now: number): Promise<void> {
  await execute(
    db,
    sql`INSERT INTO ${auditLog} (at, actor, action, target, details)
      SELECT ${now}::bigint - (${AUDIT_ROWS} - i) * 50000::bigint, 'user:operator-' || i % 20,
        (ARRAY['campaign.publish', 'follower.cancel', 'account.update', 'session.create'])[1 + i % 4], 'target-' || i % 900, '{"n": 1}'
      FROM generate_series(1, ${AUDIT_ROWS}::integer) i`,
  )
  await execute(
    db,
    sql`INSERT INTO ${qrcodes} (app_id, scene, ticket, url, campaign, created_at, created_by)
      SELECT 'wxbenchconsole' || lpad((i % 12)::text, 4, '0'), 'shop-' || i % 40, 'ticket-' || i, 'http://weixin.qq.com/q/' || i,
        'shop-coupon', ${now}::bigint - i * 60000, 'bench' FROM generate_series(1, 300) i`,
  )
  await execute(
    db,
    sql`INSERT INTO ${media} (id, type, content_type, filename, bytes, content, created_at)
      SELECT md5(i::text), 'image', 'image/png', 'picture-' || i || '.png', 50000, repeat('iVBO', 16000), ${now}::bigint - i * 60000
      FROM generate_series(1, 60) i`,
  )
  await execute(
    db,
    sql`INSERT INTO ${users} (name, role, password_hash, created_at, updated_at)
      SELECT 'operator-' || i, 'operator', 'none', ${now}::bigint, ${now}::bigint FROM generate_series(1, 60) i`,
  )
  await execute(
    db,
    sql`INSERT INTO ${apiTokens} (id, name, role, hash, created_by, created_at)
      SELECT 'token-' || i, 'shop ' || i, 'viewer', 'none-' || i, 'bench', ${now}::bigint FROM generate_series(1, 40) i`,
  )
}

async function readSamples(db: Db): Promise<Omit<Filled, 'campaign' | 'appId'>> {
  type Row = FollowerKey & { at: number | string; key: string }
  const columns = sql`app_id AS "appId", open_id AS "openId", created_at AS at, run_key AS key`
  const one = async (statement: ReturnType<typeof sql>): Promise<Row> => {
    const { rows } = await execute<Row>(db, statement)
    if (!rows[0]) throw new Error('the store has no such run')
    return rows[0]
  }
  const middle = (ended: ReturnType<typeof sql>) =>
    sql`SELECT ${columns} FROM ${runs} WHERE ${ended} ORDER BY created_at DESC, run_key DESC
      OFFSET (SELECT count(*) / 2 FROM ${runs} WHERE ${ended}) LIMIT 1`
  const [deep, deepEnded] = [await one(middle(sql`true`)), await one(middle(sql`status = 'ended'`))]
  const cursorOf = ({ at, key }: Row) => cursor.of(`${at} ${key}`)
  const keyOf = ({ appId, openId }: Row): FollowerKey => ({ appId, openId })
  return {
    active: keyOf(await one(sql`SELECT ${columns} FROM ${runs} WHERE status = 'active' LIMIT 1`)),
    ended: keyOf(
      await one(sql`SELECT ${columns} FROM ${runs} WHERE outcome = 'completed' AND status = 'ended' LIMIT 1`),
    ),
    deep: cursorOf(deep),
    deepEnded: cursorOf(deepEnded),
    auditCursor: cursor.of(String(AUDIT_ROWS / 2)),
  }
}
