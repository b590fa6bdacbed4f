import { createHash } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { createDispatchLoop } from '../../src/dispatch/dispatch-loop.ts'
import { createPurge } from '../../src/jobs/purge.ts'
import { maskId, workflowIdOf } from '../../src/shared/ids.ts'
import { acceptRequest } from '../../src/store/inbox/accept-request.ts'
import { createLink } from '../../src/store/links/links.ts'
import { recordIntent } from '../../src/store/runs/deliveries.ts'
import { auditLog, deliveries, entries, inbox, runs } from '../../src/store/schema.ts'
import { enqueueWebhook } from '../../src/store/webhooks/outbox.ts'
import { type RunClient, TemporalUnavailableError } from '../../src/temporal/run-client.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'
import { findPersonalData } from '../harness/find-personal-data.ts'
import { callApi } from '../harness/process/program.ts'
import { freshDatabase } from '../harness/stores.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxpersonal0000001'
const TOKEN = 'test-token'
const DAY = 86_400_000
const RETENTION_DAYS = 30
/** A keyword that starts a run, a reply, and an exit keyword. */
const CAMPAIGN = `
id: series
name: series
entry: { event: subscribe }
reply: { text: 欢迎 }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: "{{ reply.text }}" } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
exit: { keywords: [leave-13800000003] }
`
const COURSE = `
id: course
name: course
entry: { event: message, keywords: [course-13800000002] }
reply: { text: "ok {{ reply.text }}" }
steps: [{ id: lesson, after: 20h, since: entry, send: { text: lesson } }]
`
const ENTRY = 'course-13800000002'
const EXIT = 'leave-13800000003'
/** Personal data that a follower types. */
const replyOf = (openId: string) => `我叫王小明 ${openId.length} ${[...openId].reverse().join('')}`

const postgres = inject('postgresUrl')
const stores = [
  { name: 'PGlite', databaseUrl: async () => undefined },
  ...(postgres ? [{ name: 'PostgreSQL', databaseUrl: () => freshDatabase(postgres) }] : []),
]

describe.skipIf(!inject('temporalAddress')).each(stores)('personal data on $name', ({ databaseUrl }) => {
  let app: AppHarness
  beforeAll(async () => {
    const url = await databaseUrl()
    app = await startAppHarness({
      temporalAddress: inject('temporalAddress'),
      ...(url ? { databaseUrl: url } : {}),
    })
    await app.addAccount({ appId: APP, mode: 'plain', token: TOKEN, encodingAesKey: null })
    await app.publish(CAMPAIGN)
    await app.publish(COURSE)
  })
  afterAll(() => app?.close())

  const db = () => app.services.db
  const wechat = () => app.simulator.account(APP)
  const traces = (openId: string) => findPersonalData(db(), [openId, replyOf(openId)])
  const erase = (openId: string) => callApi(app.callbackUrl, `/api/followers/${APP}/${openId}/erase`, {})
  /** Temporal deletes histories asynchronously. */
  const drained = () =>
    waitFor(async () => (await db().select().from(inbox)).every((row) => row.dispatchedAt !== null))
  const histories = async (openId: string) => {
    const found = []
    const query = `WorkflowId = '${workflowIdOf(APP, openId)}'`
    for await (const execution of app.services.temporal.client.workflow.list({ query })) found.push(execution)
    return found
  }

  /** A follower who follows, types personal data, gets it back in a message, and is in the middle of the series. */
  async function livesHere(openId: string): Promise<void> {
    await wechat().follow(openId)
    await app.waitForRun(APP, openId, (r) => r.runId !== null)
    await wechat().type(openId, replyOf(openId))
    await app.waitForRun(APP, openId, (r) => r.state.steps[0]?.state === 'sent')
    await app.services.accounts.recordInvalidRecipient(APP, openId)
    await leavesTraces(openId)
    await drained()
  }

  /** A fact, a short link and a webhook that waits, each with personal data. */
  async function leavesTraces(openId: string): Promise<void> {
    const follower = { appId: APP, openId }
    const facts = { name: replyOf(openId) }
    await acceptRequest(db(), { follower, request: { type: 'fact', facts }, key: null }, Date.now())
    app.services.dispatcher.wake()
    const { runKey } = await app.waitForRun(APP, openId, () => true)
    const url = `https://example.com/?of=${openId}`
    await createLink(db(), { runKey, stepId: 'gift', name: 'guide', url }, Date.now())
    const about = { campaign: 'series', version: 1, step: 'gift', runKey, qrScene: null, variant: null }
    await enqueueWebhook(db(), follower, 'nobody', { ...about, facts, at: Date.now() }, Date.now())
  }

  it('an active follower’s data is stored only where it is needed', async () => {
    await livesHere('oLiving-0123456789')
    expect(await traces('oLiving-0123456789')).toEqual([
      'followers.open_id',
      'followers.own',
      'inbox.open_id',
      'links.url',
      'outbox.body',
      'outbox.open_id',
      'runs.open_id',
      'runs.state',
    ])
  })

  it('an erased follower is removed at once from run, store and histories; counts stay', async () => {
    const openId = 'oForgotten-0123456789'
    await livesHere(openId)
    const before = { runs: await db().$count(runs), deliveries: await db().$count(deliveries) }
    await erase(openId)
    await drained()
    expect(await traces(openId)).toEqual([])
    await expect.poll(() => histories(openId)).toEqual([])
    expect(await app.services.runs.describe({ appId: APP, openId })).toBeNull()
    expect(await db().$count(runs)).toBe(before.runs)
    expect(await db().$count(deliveries)).toBe(before.deliveries)
    const left = (await db().select().from(runs)).filter((r) => r.openId.startsWith('anonymous-'))
    expect(left).toMatchObject([
      {
        status: 'ended',
        outcome: 'cancelled',
        state: { reply: { at: expect.any(Number), text: null }, seenEventKeys: [] },
      },
    ])
    const audited = await db().select().from(auditLog)
    expect(audited.map((a) => a.action)).toEqual(['follower.erase', 'follower.erased'])
    expect(new Set(audited.map((a) => a.target))).toEqual(new Set([`${APP}/${maskId(openId)}`]))
    await expect(erase(openId)).rejects.toThrow(/404/)
  })

  it('an erased follower who returns is a new follower, also while dedupe keys are kept', async () => {
    const openId = 'oReturning-0123456789'
    await livesHere(openId)
    const follow = (await db().select().from(inbox).where(eq(inbox.openId, openId)))[0]
    await erase(openId)
    await drained()
    // WeChat delivers the old follow once more. It is recognised as a duplicate.
    await wechat().follow(openId, { createTime: (follow?.createTime ?? 0) / 1000 })
    await drained()
    expect(await traces(openId)).toEqual([])
    await wechat().follow(openId, { createTime: Math.floor(Date.now() / 1000) + 5 })
    const run = await app.waitForRun(APP, openId, (r) => r.runId !== null)
    expect(run).toMatchObject({ campaign: 'series', status: 'active' })
  })

  it.each(['user_authorization_revoke', 'user_authorization_cancellation'])(
    'the withdrawal of consent at WeChat (%s) erases the follower in the field OpenID',
    async (event) => {
      const openId = `oConsent-${event.length}-0123456789`
      await livesHere(openId)
      const timestamp = String(Math.floor(Date.now() / 1000))
      const signature = createHash('sha1').update([TOKEN, timestamp, 'n'].toSorted().join('')).digest('hex')
      const answer = await fetch(
        `${app.callbackUrl}/wechat/${APP}?signature=${signature}&timestamp=${timestamp}&nonce=n`,
        {
          method: 'POST',
          body: `<xml><ToUserName>gh_1</ToUserName><FromUserName>oWechatsOwnService</FromUserName>
            <CreateTime>${timestamp}</CreateTime><MsgType>event</MsgType><Event>${event}</Event>
            <OpenID>${openId}</OpenID><AppID>${APP}</AppID><RevokeInfo>1</RevokeInfo></xml>`,
        },
      )
      expect([answer.status, await answer.text()]).toEqual([200, 'success'])
      await drained()
      expect(await findPersonalData(db(), [openId, 'oWechatsOwnService'])).toEqual([])
      await expect.poll(() => histories(openId)).toEqual([])
    },
  )

  it('without Temporal the request is kept, and nothing is sent', async () => {
    const openId = 'oPatient-0123456789'
    await livesHere(openId)
    await app.services.dispatcher.stop()
    onTestFinished(() => app.services.dispatcher.start())
    const away: RunClient = {
      ...app.services.runs,
      cancelForErasure: () => Promise.reject(new TemporalUnavailableError('away')),
    }
    const { configCache: directory, log } = app.services
    const other = createDispatchLoop({
      db: db(),
      runs: away,
      config: directory,
      ownerId: 'other',
      now: Date.now,
      log,
    })
    other.start()
    await erase(openId)
    other.wake()
    const eraseRequest = async () =>
      (await db().select().from(inbox).where(eq(inbox.kind, 'erase'))).find((r) => r.openId === openId)
    await waitFor(async () => ((await eraseRequest())?.attempts ?? 0) > 1)
    await other.stop()
    const [run] = await db().select().from(runs).where(eq(runs.openId, openId))
    const key = { appId: APP, openId, runKey: run?.runKey ?? '', stepId: 'later', campaign: 'series' }
    const entry = { at: run?.entry.at ?? 0, seq: run?.entry.seq ?? 0 }
    expect(await recordIntent(db(), { ...key, entry }, Date.now(), 0)).toEqual({
      allowed: false,
      refusal: 'unfollowed',
    })

    app.services.dispatcher.start()
    await drained()
    expect(await traces(openId)).toEqual([])
  })

  it('the texts that an account keeps are erased with the follower, and purged after their days', async () => {
    await app.services.accounts.patch(APP, { keepTexts: 3 })
    onTestFinished(async () => void (await app.services.accounts.patch(APP, { keepTexts: null })))
    const [erased, purged] = ['oKeptErased-0123456789', 'oKeptPurged-0123456789']
    for (const openId of [erased, purged]) {
      await livesHere(openId)
      expect(await traces(openId)).toContain('inbox.kept_text')
    }
    await erase(erased)
    await drained()
    expect(await traces(erased)).toEqual([])
    const purgeAt = (days: number) =>
      createPurge({ db: db(), now: () => Date.now() + days * DAY, retentionDays: RETENTION_DAYS })
    await purgeAt(2).run({ lastRunAt: null })
    expect(await traces(purged)).toContain('inbox.kept_text')
    await purgeAt(3.01).run({ lastRunAt: null })
    expect(await traces(purged)).not.toContain('inbox.kept_text')
  })

  it('the daily purge removes all data of followers whose runs ended long ago', async () => {
    const ended = 'oEnded-0123456789'
    await livesHere(ended)
    await callApi(app.callbackUrl, `/api/followers/${APP}/${ended}/cancel`, { reason: 'test' })
    const unfollowed = 'oUnfollowed-0123456789'
    await livesHere(unfollowed)
    await wechat().unfollow(unfollowed)
    const entered = 'oEntered-0123456789'
    await wechat().type(entered, ENTRY)
    await app.waitForRun(APP, entered, (r) => r.runId !== null)
    await callApi(app.callbackUrl, `/api/followers/${APP}/${entered}/cancel`, {})
    const silent = 'oSilent-0123456789'
    await wechat().tapMenu(silent, 'nothing')
    const left = 'oLeft-0123456789'
    await livesHere(left)
    await wechat().type(left, EXIT)
    const people = [ended, unfollowed, entered, left]
    for (const openId of people) await app.waitForRun(APP, openId, (r) => r.status === 'ended')
    await drained()
    const purgeAt = (days: number) =>
      createPurge({
        db: db(),
        now: () => Date.now() + days * DAY,
        retentionDays: RETENTION_DAYS,
      }).run({ lastRunAt: null })

    // The texts are removed from the inbox already; nothing else is due.
    expect(await findPersonalData(db(), [ENTRY, EXIT])).toEqual(
      expect.not.arrayContaining(['inbox.event', 'inbox.reply']),
    )
    await purgeAt(8)
    for (const openId of people) expect(await findPersonalData(db(), [openId])).not.toContain('inbox.open_id')
    expect(await findPersonalData(db(), [ended])).toContain('runs.open_id')

    await purgeAt(RETENTION_DAYS + 1)
    for (const openId of [ended, unfollowed, entered, silent]) {
      expect(await traces(openId)).toEqual([])
    }
    // That they have entered is kept for reentry, until they are erased.
    const kept = await db().$count(entries)
    expect(kept).toBeGreaterThan(0)
    await erase(ended)
    await drained()
    expect(await db().$count(entries)).toBe(kept - 1)
    // Only the opt-out is kept, since no run may start before a newer follow.
    expect(await findPersonalData(db(), [left])).toEqual(['followers.open_id'])
    // The texts of active followers stay with their runs.
    expect(await findPersonalData(db(), [ENTRY, EXIT])).toEqual(
      expect.not.arrayContaining(['runs.entry', 'inbox.event', 'inbox.reply']),
    )
  })
})
