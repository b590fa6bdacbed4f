import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { nextDayInBeijing } from '../../src/beijing.ts'
import { applySend } from '../../src/campaign/send-result.ts'
import { changeStep } from '../../src/campaign/state.ts'
import { writeAttempt, writeIntent } from '../../src/store/deliveries.ts'
import { saveFollower } from '../../src/store/followers.ts'
import { markDispatched } from '../../src/store/inbox.ts'
import { saveMedium } from '../../src/store/media.ts'
import { removeAccount } from '../../src/store/removed-accounts.ts'
import { deliveries, inbox } from '../../src/store/schema.ts'
import { REDUCED_NOTE } from '../../src/store/snapshots.ts'
import { remedyOf } from '../../src/wechat/errcodes.ts'
import { until } from '../support/program.ts'
import { refuseRows, refuseRuns } from '../support/refusing-store.ts'
import { failureOf, openSendDesk, type SendDesk, type SendStory } from './send-desk.ts'

let desk: SendDesk
beforeAll(async () => {
  desk = await openSendDesk()
})
afterAll(() => desk?.close())

/** How often the sends with this result and errcode were counted. */
async function counted(result: string, errcode: string): Promise<number> {
  const { values } = await desk.product.metrics.sends.get()
  return values.find((v) => v.labels.result === result && v.labels.errcode === errcode)?.value ?? 0
}

/** Faults of an account that no request has met yet. */
const faultsLeft = (story: SendStory) =>
  desk.simulator.world.faults
    .list()
    .filter((f) => f.appId === story.appId)
    .reduce((n, f) => n + (f.times ?? 1), 0)

const usedIn = async (story: SendStory) => (await story.run()).state.ledger.map((g) => g.used)

describe('a step that WeChat takes', () => {
  it('is sent once, and row, snapshot and metrics say so', async () => {
    const story = await desk.story()
    const before = await counted('sent', '0')
    const result = await story.send()
    expect(result).toMatchObject({ result: 'sent', unclear: 0 })
    expect(story.received()).toEqual([{ content: '你好' }])
    expect(story.verdicts()).toEqual([0])
    expect(await story.row()).toMatchObject({
      state: 'sent',
      attempts: 1,
      unclear: 0,
      sentAt: result.at,
      reason: null,
      errcode: null,
    })
    expect(await story.step()).toMatchObject({ state: 'sent', sentAt: result.at })
    expect(await usedIn(story)).toEqual([1])
    expect(await counted('sent', '0')).toBe(before + 1)
  })

  it('has its intent in the store before the request is judged', async () => {
    const story = await desk.story()
    story.fault({ latencyMs: 400 })
    const sending = story.send()
    expect(await story.rowWhen((r) => r.state === 'open')).toMatchObject({ attempts: 1, sentAt: null })
    expect(story.verdicts()).toEqual([])
    expect(await sending).toMatchObject({ result: 'sent' })
    expect(await story.row()).toMatchObject({ state: 'sent', attempts: 1 })
  })

  it("is not sent again by a worker that takes over after another one's result", async () => {
    const story = await desk.story()
    const first = await story.send()
    expect(await story.send()).toEqual(first)
    expect(story.verdicts()).toEqual([0])
  })
})

describe('a step that WeChat takes, and whose snapshot the store refuses for good', () => {
  it.each([
    ['reduced', "NEW.state::text LIKE '%refuse me%'", '22P05'],
    ['nothing', 'NEW.seq > 0', '54000'],
  ] as const)('is sent once, and an operator sees it (%s)', async (kept, when, code) => {
    const story = await desk.story()
    const goodAgain = await refuseRuns(desk.product.db, when, code)
    onTestFinished(goodAgain)
    const input = story.input()
    const state = { ...input.state, reply: { at: input.now, text: 'refuse me' } }
    const before = await reduced(kept)
    const first = await story.send({ state })
    expect(first).toMatchObject({ result: 'sent', note: REDUCED_NOTE })
    // As after a worker that died before Temporal heard of it.
    expect(await story.send({ state })).toMatchObject({ result: 'sent', at: first.at })
    expect(story.verdicts()).toEqual([0])
    expect(await story.row()).toMatchObject({ state: 'sent', attempts: 1 })
    expect(await reduced(kept)).toBeGreaterThan(before)
    expect(applySend(state, 0, { grant: input.grant, grants: [] }, first).oddities).toEqual([REDUCED_NOTE])
  })

  it('is sent once when what it says of its account cannot be noted', async () => {
    const story = await desk.story()
    await desk.product.accounts.noteBadFollower(story.appId, 'oBad')
    onTestFinished(await refuseRows(desk.product.db, 'accounts', `NEW.app_id = '${story.appId}'`, '22P02'))
    expect(await story.send()).toMatchObject({ result: 'sent' })
    expect(await story.row()).toMatchObject({ state: 'sent' })
    expect(story.verdicts()).toEqual([0])
  })

  it('is sent once when the store takes no row that says so, and the series goes on', async () => {
    const story = await desk.story()
    const refused = `NEW.run_key = '${story.key().runKey}' AND NEW.state = 'sent'`
    onTestFinished(await refuseRows(desk.product.db, 'deliveries', refused, '54000'))
    expect(await story.send()).toMatchObject({ result: 'sent', note: REDUCED_NOTE })
    expect(story.verdicts()).toEqual([0])
  })

  it('is sent once when the store is away just then: the next attempt writes it', async () => {
    const story = await desk.story()
    const away = `NEW.run_key = '${story.key().runKey}' AND NEW.state = 'sent'`
    // 57P01: the database is being shut down.
    const backAgain = await refuseRows(desk.product.db, 'deliveries', away, '57P01')
    onTestFinished(backAgain)
    await expect(story.send()).rejects.toThrow()
    expect(await story.row()).toMatchObject({ state: 'open' })
    await backAgain()
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(await story.row()).toMatchObject({ state: 'sent', attempts: 1 })
    expect(story.verdicts()).toEqual([0])
  })

  it('has its snapshot written by whoever comes after a worker that died between the two', async () => {
    const story = await desk.story()
    await writeIntent(desk.product.db, story.key(), Date.now(), 0)
    const sent = { state: 'sent' as const, sentAt: 5, endedAt: 5 }
    await desk.product.db.update(deliveries).set(sent).where(eq(deliveries.runKey, story.key().runKey))
    expect(await story.settle()).toEqual({ result: 'sent', at: 5, unclear: 0 })
    expect(await story.step()).toMatchObject({ state: 'sent', sentAt: 5 })
    expect(story.verdicts()).toEqual([])
  })

  async function reduced(kept: string): Promise<number> {
    const { values } = await desk.product.metrics.snapshotsReduced.get()
    return values.find((v) => v.labels.kept === kept)?.value ?? 0
  }
})

describe('a follower who has left', () => {
  it('gets nothing once the unfollow was answered, though nobody has dispatched it', async () => {
    const story = await desk.story()
    expect(await story.wechat.unfollow(story.openId)).toMatchObject({ ok: true, body: 'success' })
    const failure = await failureOf(story.send())
    expect(failure).toEqual({ type: 'KeptBack', message: 'unfollowed', delayMs: 1_000 })
    expect(story.verdicts()).toEqual([])
    expect(await story.row()).toMatchObject({ state: 'waiting', reason: 'unfollowed', attempts: 0 })
  })

  it('gets nothing of the old run after a new follow either', async () => {
    const story = await desk.story()
    await story.wechat.unfollow(story.openId)
    await story.wechat.follow(story.openId)
    expect(await failureOf(story.send())).toMatchObject({ message: 'unfollowed' })
    expect(story.verdicts()).toEqual([])
  })

  it('is seen to leave while the token is being fetched', async () => {
    const story = await desk.story()
    desk.simulator.fault({ api: 'stable_token', appId: story.appId, latencyMs: 700 })
    const failing = failureOf(story.send())
    await story.wechat.unfollow(story.openId)
    expect(await failing).toMatchObject({ message: 'unfollowed' })
    expect(story.verdicts()).toEqual([])
  })

  it('is served when the unfollow is older than the run, or counted for nothing', async () => {
    const older = await desk.story()
    const left = { MsgType: 'event', Event: 'unsubscribe', EventKey: '' }
    const createTime = Math.floor(older.key().entry.at / 1000) - 60
    await older.wechat.raw(older.openId, left, { createTime })
    expect(await older.send()).toMatchObject({ result: 'sent' })

    const ignored = await desk.story()
    await ignored.wechat.raw(ignored.openId, left)
    const rows = await desk.product.db.select().from(inbox)
    const row = rows.find((r) => r.openId === ignored.openId && r.kind === 'unsubscribe')
    await markDispatched(desk.product.db, row?.id ?? 0, 'ignored', Date.now())
    expect(await ignored.send()).toMatchObject({ result: 'sent' })
  })
})

describe('a step that somebody keeps back', () => {
  it('waits for its campaign, without a request', async () => {
    const story = await desk.story()
    await desk.product.campaigns.setState(story.campaign, 'paused')
    expect(await failureOf(story.send())).toEqual({
      type: 'KeptBack',
      message: 'campaign-paused',
      delayMs: 20_000,
    })
    expect(await story.row()).toMatchObject({ state: 'waiting', reason: 'campaign-paused', attempts: 0 })
    expect(story.verdicts()).toEqual([])
    await desk.product.campaigns.setState(story.campaign, 'live')
    expect(await story.send()).toMatchObject({ result: 'sent' })
  })

  it('waits for a campaign that was paused while the token was being fetched', async () => {
    const story = await desk.story()
    desk.simulator.fault({ api: 'stable_token', appId: story.appId, latencyMs: 700 })
    const failing = failureOf(story.send())
    await desk.product.campaigns.setState(story.campaign, 'paused')
    expect(await failing).toMatchObject({ message: 'campaign-paused' })
    expect(story.verdicts()).toEqual([])
  })

  it('waits for its follower', async () => {
    const story = await desk.story()
    await saveFollower(desk.product.db, story, { paused: true }, Date.now())
    expect(await failureOf(story.send())).toEqual({
      type: 'KeptBack',
      message: 'follower-paused',
      delayMs: 1_000,
    })
    expect(story.verdicts()).toEqual([])
    await saveFollower(desk.product.db, story, { paused: false }, Date.now())
    expect(await story.send()).toMatchObject({ result: 'sent' })
  })

  it('waits for its account, and asks not even for a token', async () => {
    const story = await desk.story()
    await desk.product.accounts.setState(story.appId, 'blocked', '48001 api unauthorized')
    expect(await failureOf(story.send())).toEqual({
      type: 'AccountStopped',
      message: '48001 api unauthorized',
      delayMs: 60_000,
    })
    expect(story.wechat.tokensAsked.normal).toBe(0)
    expect(await story.row()).toMatchObject({ state: 'waiting', reason: 'account-stopped', attempts: 0 })
    await desk.product.accounts.setState(story.appId, 'active', null)
    expect(await story.send()).toMatchObject({ result: 'sent' })
  })

  it('goes when the stop of its account has ended by itself', async () => {
    const story = await desk.story()
    await desk.product.accounts.setState(story.appId, 'quota-exhausted', '45009', Date.now() - 1)
    expect(await story.send()).toMatchObject({ result: 'sent' })
  })

  it('waits for an account that is gone', async () => {
    const story = await desk.story()
    await removeAccount(desk.product.db, story.appId, Date.now())
    expect(await failureOf(story.send())).toMatchObject({ type: 'AccountStopped' })
    expect(story.verdicts()).toEqual([])
  })

  it('looks again no later than the last try before the margin', async () => {
    const story = await desk.story()
    await desk.product.accounts.setState(story.appId, 'paused', '40164')
    const { delayMs } = await failureOf(story.send({ leftMs: 5_000 }))
    expect(delayMs).toBeGreaterThan(3_000)
    expect(delayMs).toBeLessThanOrEqual(4_600)
  })

  it('is given up when the margin is here: another grant may pay', async () => {
    const story = await desk.story()
    await desk.product.campaigns.setState(story.campaign, 'paused')
    expect(await story.send({ leftMs: 350 })).toMatchObject({ result: 'not-sent', reason: 'campaign-paused' })
    expect(await story.step()).toMatchObject({ state: 'pending' })
  })
})

describe('the margin of a grant', () => {
  it('lets no request begin after it', async () => {
    const story = await desk.story()
    expect(await story.send({ leftMs: 0 })).toMatchObject({ result: 'not-sent', unclear: 0 })
    expect(story.verdicts()).toEqual([])
    expect(await story.row()).toBeNull()
  })

  it('counts the time in the queue', async () => {
    const story = await desk.story()
    const late = await story.send({ leftMs: 5_000 }, { scheduledMsAgo: 5_500 })
    expect(late).toMatchObject({ result: 'not-sent' })
    expect(story.verdicts()).toEqual([])
    expect(await story.send({ leftMs: 60_000 }, { scheduledMsAgo: 5_500 })).toMatchObject({ result: 'sent' })
  })

  it('counts the time that the token took', async () => {
    const story = await desk.story()
    desk.simulator.fault({ api: 'stable_token', appId: story.appId, latencyMs: 1_500 })
    expect(await story.send({ leftMs: 1_000 })).toMatchObject({ result: 'not-sent' })
    expect(story.wechat.tokensAsked.normal).toBe(1)
    expect(story.verdicts()).toEqual([])
  })
})

describe('a follower that WeChat does not serve', () => {
  it('45015: the grants that existed are closed', async () => {
    const story = await desk.story()
    desk.simulator.world.follower(story).following = false
    const result = await story.send()
    expect(result).toMatchObject({ result: 'window-over' })
    const { ledger } = (await story.run()).state
    expect(ledger).toMatchObject([{ scene: 'message', expiresAt: result.at, used: 0 }])
    expect(await story.step()).toMatchObject({ state: 'pending', errcode: 45015 })
    expect(await story.row()).toMatchObject({ state: 'failed', errcode: 45015 })
  })

  it('45047: the grant that paid is empty', async () => {
    const story = await desk.story()
    for (const grant of story.wechat.grants(story.openId)) grant.used = grant.quota
    expect(await story.send()).toMatchObject({ result: 'quota-used' })
    expect(await usedIn(story)).toEqual([story.grant.quota])
    expect(await story.step()).toMatchObject({ state: 'pending', errcode: 45047 })
  })

  it.each([
    [43004, 'unsubscribed'],
    [50005, 'unsubscribed'],
    [43019, 'opted-out'],
  ] as const)('%i: the run ends %s', async (errcode, outcome) => {
    const story = await desk.story()
    story.fault({ errcode })
    expect(await story.send()).toMatchObject({ result: 'gone', outcome, errcode })
    const { stop, ledger } = (await story.run()).state
    expect(stop).toMatchObject({ outcome })
    expect(ledger).toHaveLength(outcome === 'unsubscribed' ? 0 : 1)
    expect(await story.accountState()).toMatchObject({ state: 'active' })
  })

  it('48002: one who switched messages off has opted out', async () => {
    const story = await desk.story()
    story.wechat.refuse(story.openId)
    expect(await story.send()).toMatchObject({ result: 'gone', outcome: 'opted-out', errcode: 48002 })
    expect(story.received()).toEqual([])
  })
})

describe('a follower that WeChat does not know (40003)', () => {
  /** The account's next followers, each sent once; `bad` ones are unknown to WeChat. */
  async function sendTo(first: SendStory, kinds: readonly ('bad' | 'good')[]): Promise<void> {
    for (const kind of kinds) {
      const story = await first.another()
      if (kind === 'bad') story.fault({ errcode: 40003, openId: story.openId })
      await story.send()
    }
  }

  it('has the step skipped, and the account goes on', async () => {
    const story = await desk.story()
    story.fault({ errcode: 40003 })
    expect(await story.send()).toMatchObject({ result: 'refused', errcode: 40003 })
    expect(await story.step()).toMatchObject({ state: 'skipped', errcode: 40003 })
    expect(await story.row()).toMatchObject({ state: 'skipped', errcode: 40003 })
    expect(await story.accountState()).toMatchObject({ state: 'active' })
  })

  it('blocks the account when three different ones come in a row', async () => {
    const story = await desk.story()
    await sendTo(story, ['bad', 'bad'])
    expect(await story.accountState()).toMatchObject({ state: 'active' })
    await sendTo(story, ['bad'])
    expect(await story.accountState()).toMatchObject({ state: 'blocked', until: null })
    expect((await story.accountState())?.reason).toContain('40003')
  })

  it('does not, when a send that worked came between', async () => {
    const story = await desk.story()
    await sendTo(story, ['bad', 'bad', 'good', 'bad', 'bad'])
    expect(await story.accountState()).toMatchObject({ state: 'active' })
  })

  it('does not, when it is one and the same', async () => {
    const steps = ['a', 'b', 'c', 'd'].map(
      (id) => `  - { id: ${id}, after: 0s, since: entry, send: { text: ${id} } }`,
    )
    const story = await desk.story({ steps: steps.join('\n') })
    story.fault({ errcode: 40003, times: 4 })
    for (const index of [0, 1, 2, 3]) {
      expect(await story.send({ index })).toMatchObject({ result: 'refused' })
    }
    expect(await story.accountState()).toMatchObject({ state: 'active' })
  })
})

describe('a kind of message that WeChat refuses the account', () => {
  const refusedKinds = async ({ appId }: SendStory) => (await desk.product.accounts.find(appId))?.refusedKinds

  it.each([45050, 48008])('%d: is noted until one is taken', async (errcode) => {
    const story = await desk.story()
    const another = await story.another()
    story.fault({ errcode })
    expect(await story.send()).toMatchObject({ result: 'refused', errcode })
    expect(await refusedKinds(story)).toEqual(['text'])
    expect(await another.send()).toMatchObject({ result: 'sent' })
    expect(await refusedKinds(story)).toEqual([])
  })

  it('is not noted for a fault of the message alone', async () => {
    const story = await desk.story()
    story.fault({ errcode: 45002 })
    expect(await story.send()).toMatchObject({ result: 'refused' })
    expect(await refusedKinds(story)).toEqual([])
  })
})

describe('an account that WeChat stops', () => {
  it.each([
    [48004, 'blocked'],
    [45087, 'blocked'],
    [61007, 'blocked'],
    [40164, 'paused'],
    [61004, 'paused'],
    [61003, 'needs-authorisation'],
  ])('%i: is %s, and the step waits for it', async (errcode, state) => {
    const story = await desk.story()
    story.fault({ errcode })
    expect(await failureOf(story.send())).toMatchObject({ type: 'AccountStopped', delayMs: 60_000 })
    expect(await story.accountState()).toMatchObject({ state, until: null })
    expect((await story.accountState())?.reason).toMatch(new RegExp(`^${errcode} `))
    expect(await story.row()).toMatchObject({ state: 'waiting', reason: 'account-stopped', unclear: 0 })
    // Others of this account do not even ask.
    const other = await story.another()
    expect(await failureOf(other.send())).toMatchObject({ type: 'AccountStopped' })
    expect(other.verdicts()).toEqual([])
    // The operator has done as the remedy says.
    await desk.product.accounts.setState(story.appId, 'active', null)
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(await usedIn(story)).toEqual([1])
  })

  it('48001: is blocked while it is not certified', async () => {
    const story = await desk.story()
    story.wechat.setTrust({ certified: false })
    expect(await failureOf(story.send())).toMatchObject({ type: 'AccountStopped' })
    expect(await story.accountState()).toMatchObject({ state: 'blocked' })
    expect(remedyOf(48001).en).toContain('certified')
  })

  it('40164: is paused when its server is not on the whitelist, which the token call says already', async () => {
    const story = await desk.story()
    story.wechat.setTrust({ ipWhitelisted: false })
    expect(await failureOf(story.send())).toMatchObject({ type: 'AccountStopped' })
    expect(await story.accountState()).toMatchObject({ state: 'paused' })
    expect(await story.row()).toMatchObject({ attempts: 0 })
    expect(remedyOf(40164).en).toContain('whitelist')
  })

  it('40125: is blocked when its secret was changed', async () => {
    const story = await desk.story()
    await desk.product.accounts.patch(story.appId, { appSecret: 'an-old-secret' })
    const failure = await failureOf(story.send())
    expect(failure.type).toBe('AccountStopped')
    expect(JSON.stringify([failure, await story.row()])).not.toContain('an-old-secret')
    expect(await story.accountState()).toMatchObject({ state: 'blocked' })
  })

  it('45009: has used up its day, and goes on by itself after midnight in Beijing', async () => {
    const story = await desk.story()
    story.wechat.setQuota({ daily: 0 })
    const before = nextDayInBeijing(Date.now())
    expect(await failureOf(story.send())).toMatchObject({ type: 'AccountStopped' })
    const stopped = await story.accountState()
    expect(stopped).toMatchObject({ state: 'quota-exhausted' })
    expect([before, nextDayInBeijing(Date.now())]).toContain(stopped?.until)
    expect(remedyOf(45009).en).toContain('midnight in Beijing')
  })

  it('45011: is not stopped; the step waits for the next minute', async () => {
    const story = await desk.story()
    story.wechat.setQuota({ minute: 0 })
    const { type, delayMs } = await failureOf(story.send())
    expect(type).toBe('TooFast')
    // Spread over the first seconds of the next minute, and a little for this test's own time.
    expect(delayMs).toBeLessThanOrEqual(65_000)
    expect((Date.now() + delayMs) % 60_000).toBeLessThan(7_000)
    expect(await story.row()).toMatchObject({ state: 'failed', errcode: 45011, unclear: 0 })
    expect(await story.accountState()).toMatchObject({ state: 'active' })
    story.wechat.setQuota({ minute: 100 })
    desk.passMs(60_000)
    expect(await story.send()).toMatchObject({ result: 'sent' })
    expect(await usedIn(story)).toEqual([1])
  })
})

describe('a request that was certainly not delivered', () => {
  it.each([
    ['errcode -1', { errcode: -1 }],
    ['HTTP 503', { status: 503 }],
  ])('%s: is tried again after 1 s, 2 s, 4 s …, and costs no quota', async (_, fault) => {
    const story = await desk.story()
    story.fault({ ...fault, times: 7 })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 7; attempt++) {
      const { type, delayMs } = await failureOf(story.send())
      expect(type).toBe('WechatFailed')
      delays.push(delayMs)
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(await story.row()).toMatchObject({ state: 'failed', attempts: 7, failures: 7, unclear: 0 })
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(story.received()).toHaveLength(1)
    expect(await usedIn(story)).toEqual([1])
  })

  it('no connection: is tried again', async () => {
    const story = await desk.story()
    await desk.product.tokens.getToken(story.appId)
    await desk.product.accounts.patch(story.appId, { apiBase: 'http://127.0.0.1:9' })
    const { type, message } = await failureOf(story.send())
    expect([type, message]).toEqual(['WechatFailed', expect.stringContaining('ECONNREFUSED')])
    expect(await story.row()).toMatchObject({ state: 'failed', attempts: 1, unclear: 0 })
  })

  it('no token, since WeChat is busy: is tried again', async () => {
    const story = await desk.story()
    desk.simulator.fault({ api: 'stable_token', appId: story.appId, errcode: -1 })
    expect(await failureOf(story.send())).toMatchObject({ type: 'WechatFailed' })
    expect(await story.accountState()).toMatchObject({ state: 'active' })
    expect(await story.send()).toMatchObject({ result: 'sent' })
  })

  it('has a last try at the margin, and is then left to another grant', async () => {
    const story = await desk.story()
    story.fault({ errcode: -1, times: 2 })
    const { delayMs } = await failureOf(story.send({ leftMs: 1_200 }))
    expect(delayMs).toBeLessThanOrEqual(800)
    expect(await story.send({ leftMs: 390 })).toMatchObject({ result: 'not-sent', unclear: 0 })
    expect(faultsLeft(story)).toBe(0)
    expect(await story.step()).toMatchObject({ state: 'pending' })
    expect(await usedIn(story)).toEqual([0])
  })
})

describe('a message that WeChat refuses for what it is', () => {
  it('44004: is skipped with the code; the series goes on', async () => {
    const story = await desk.story()
    story.fault({ errcode: 44004 })
    const before = await counted('refused', '44004')
    expect(await story.send()).toMatchObject({
      result: 'refused',
      errcode: 44004,
      reason: 'refused by WeChat',
    })
    expect(await story.step()).toMatchObject({
      state: 'skipped',
      errcode: 44004,
      reason: 'refused by WeChat',
    })
    expect(await story.row()).toMatchObject({ state: 'skipped', errcode: 44004 })
    expect((await story.row())?.rid).toMatch(/^[\w-]+$/)
    expect((await story.run()).state.stop).toBeNull()
    expect(await counted('refused', '44004')).toBe(before + 1)
  })

  it('is skipped without a request when nobody could see anything of it', async () => {
    const steps = `  - { id: empty, after: 0s, since: entry, send: { text: "{{ qrScene }}" } }`
    const story = await desk.story({ steps })
    expect(await story.send()).toMatchObject({ result: 'refused', reason: 'empty-text: text' })
    expect(story.verdicts()).toEqual([])
  })

  it('is skipped without a request when its template takes too much work for this follower', async () => {
    const loops =
      '{% assign a = (1..999) %}{% for i in a %}{% for j in a %}{% for k in a %}{% endfor %}{% endfor %}{% endfor %}'
    const text = `{% if qrScene == '' %}${loops}{% endif %}在吗`
    const steps = `  - { id: slow, after: 0s, since: reply, send: { text: "${text}" } }`
    const story = await desk.story({ steps })
    expect(await story.send()).toMatchObject({
      result: 'refused',
      reason: expect.stringContaining('cannot be rendered: the template takes too much work'),
    })
    expect(story.verdicts()).toEqual([])
  })

  it.each([45002, 40033, 47001, 99_999])('%i: is skipped with the code', async (errcode) => {
    const story = await desk.story()
    story.fault({ errcode })
    expect(await story.send()).toMatchObject({ result: 'refused', errcode })
    expect(await story.step()).toMatchObject({ state: 'skipped', errcode })
    expect(await usedIn(story)).toEqual([0])
  })
})

describe('an access token that WeChat refuses', () => {
  it.each([40001, 40014, 42001])(
    '%i: is fetched once more, and the send made again at once',
    async (errcode) => {
      const story = await desk.story()
      story.fault({ errcode })
      expect(await story.send()).toMatchObject({ result: 'sent', unclear: 0 })
      expect(story.wechat.tokensAsked).toMatchObject({ normal: 2, force: 0 })
      expect(story.verdicts()).toEqual([errcode, 0])
      expect(await usedIn(story)).toEqual([1])
    },
  )

  it('helps with the one that another server has fetched meanwhile', async () => {
    const story = await desk.story()
    await desk.product.tokens.getToken(story.appId)
    story.wechat.invalidateToken()
    expect(await story.send()).toMatchObject({ result: 'sent' })
    expect(story.wechat.tokensAsked).toMatchObject({ normal: 2, force: 0 })
  })

  it('is forced when a normal fetch brings the dead one again', async () => {
    const story = await desk.story()
    await desk.product.tokens.getToken(story.appId)
    story.wechat.invalidateToken(true)
    expect(await story.send()).toMatchObject({ result: 'sent' })
    expect(story.wechat.tokensAsked).toMatchObject({ normal: 2, force: 1 })
  })

  it('stops after one fetch, one force and three requests; it is not forced again at once', async () => {
    const story = await desk.story()
    story.fault({ errcode: 40001, times: 5 })
    const failure = await failureOf(story.send())
    expect(failure).toMatchObject({ type: 'WechatFailed', message: expect.stringContaining('40001') })
    expect(story.verdicts()).toEqual([40001, 40001, 40001])
    expect(story.wechat.tokensAsked).toMatchObject({ normal: 2, force: 1 })
    const second = await failureOf(story.send())
    expect(second.message).toContain('forced refresh')
    expect(story.wechat.tokensAsked.force).toBe(1)
    expect(JSON.stringify([failure, second, await story.row()])).not.toContain('test_')
  })
})

describe('a medium', () => {
  const png = () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(crypto.randomUUID())])
  const uploads = (story: SendStory) =>
    desk.simulator.world.account(story.appId).calls.get('/cgi-bin/media/upload') ?? 0
  const imageStory = async () => {
    const medium = { type: 'image' as const, contentType: 'image/png', filename: 'a.png', content: png() }
    const { id } = await saveMedium(desk.product.db, { ...medium, createdAt: Date.now() })
    return desk.story({ steps: `  - { id: pic, after: 0s, since: entry, send: { image: { file: ${id} } } }` })
  }
  /** What the workflow has heard when it asks again. */
  const afterExpiry = (story: SendStory) => {
    const input = story.input()
    return { state: changeStep(input.state, 0, { errcode: 40007 }) }
  }

  it('is uploaded once and named by the id that WeChat gave', async () => {
    const story = await imageStory()
    expect(await story.prepareMedia()).toBeNull()
    expect(await story.prepareMedia()).toBeNull()
    expect(await story.send()).toMatchObject({ result: 'sent' })
    expect(uploads(story)).toBe(1)
    const [mediaId] = desk.simulator.world.account(story.appId).media.keys()
    expect(story.received()).toEqual([{ media_id: mediaId }])
  })

  it('is uploaded again when WeChat has lost it (40007), and the step goes', async () => {
    const story = await imageStory()
    await story.prepareMedia()
    story.wechat.expireMedia()
    expect(await story.send()).toMatchObject({ result: 'media-expired' })
    expect(await story.step()).toMatchObject({ state: 'pending', errcode: 40007 })
    expect(await story.prepareMedia(afterExpiry(story))).toBeNull()
    expect(uploads(story)).toBe(2)
    expect(await story.send(afterExpiry(story))).toMatchObject({ result: 'sent' })
    expect(await usedIn(story)).toEqual([1])
  })

  it('is refused for good when WeChat does not know the new one either', async () => {
    const story = await imageStory()
    await story.prepareMedia()
    story.wechat.expireMedia()
    expect(await story.send(afterExpiry(story))).toMatchObject({ result: 'refused', errcode: 40007 })
    expect(await story.row()).toMatchObject({ state: 'skipped', errcode: 40007 })
  })

  it("that is WeChat's own cannot be uploaded again: the step is skipped", async () => {
    const steps = '  - { id: pic, after: 0s, since: entry, send: { image: { mediaId: long_gone } } }'
    const story = await desk.story({ steps })
    expect(await story.send()).toMatchObject({ result: 'refused', errcode: 40007 })
  })

  it('that was never uploaded costs its step, and no request', async () => {
    const story = await imageStory()
    expect(await story.send()).toMatchObject({
      result: 'refused',
      reason: expect.stringContaining('not at WeChat'),
    })
    expect(story.verdicts()).toEqual([])
    expect(await story.step()).toMatchObject({ state: 'skipped' })
  })

  it('is tried again while WeChat is busy', async () => {
    const story = await imageStory()
    desk.simulator.fault({ api: 'media/upload', appId: story.appId, errcode: -1 })
    const failure = await failureOf(story.prepareMedia())
    expect(failure).toMatchObject({ type: 'WechatFailed', delayMs: 1_000 })
    expect(await story.prepareMedia()).toBeNull()
  })

  it('is tried again no later than before the grant’s margin, and not after it', async () => {
    const story = await imageStory()
    desk.simulator.fault({ api: 'media/upload', appId: story.appId, errcode: -1, times: 2 })
    const { delayMs } = await failureOf(story.prepareMedia({ leftMs: 1_300 }))
    expect(delayMs).toBeGreaterThan(0)
    expect(delayMs).toBeLessThanOrEqual(900)
    expect(await story.prepareMedia({ leftMs: 300 })).toMatchObject({ result: 'not-sent' })
  })

  it('that WeChat does not take costs its step', async () => {
    const story = await imageStory()
    desk.simulator.fault({ api: 'media/upload', appId: story.appId, errcode: 40006 })
    expect(await story.prepareMedia()).toMatchObject({ result: 'refused', errcode: 40006 })
    expect(await story.step()).toMatchObject({ state: 'skipped', errcode: 40006 })
  })
})

describe('a request that left and was never answered', () => {
  const assumeSent = { account: { onUnknown: 'assume-sent' as const } }

  it.concurrent('retry: is given ten seconds, with a beating heart, and then one more attempt', async () => {
    const story = await desk.story()
    story.fault({ hang: 'before', openId: story.openId })
    let beats = 0
    const began = performance.now()
    const onHeartbeat = () => {
      beats += 1
    }
    expect(await failureOf(story.send({}, { onHeartbeat }))).toEqual({
      type: 'WechatUnclear',
      message: 'no answer within 10 s',
      delayMs: 1_000,
    })
    expect(performance.now() - began).toBeGreaterThan(9_900)
    expect(beats).toBeGreaterThanOrEqual(4)
    expect(await story.row()).toMatchObject({ state: 'failed', attempts: 1, unclear: 1 })
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 1 })
    // It may have arrived twice: both count.
    expect(await usedIn(story)).toEqual([2])
  })

  it.concurrent('assume-sent: is unknown after ten seconds, and never made again', async () => {
    const story = await desk.story(assumeSent)
    story.fault({ hang: 'after', openId: story.openId })
    expect(await story.send()).toMatchObject({
      result: 'unknown',
      unclear: 1,
      reason: 'no answer within 10 s',
    })
    expect(story.received()).toHaveLength(1)
    expect(await story.step()).toMatchObject({ state: 'unknown', reason: 'no answer within 10 s' })
    expect(await usedIn(story)).toEqual([1])
  })

  it('retry: is unknown after the second connection that broke', async () => {
    const story = await desk.story()
    story.fault({ reset: 'after', times: 3 })
    expect(await failureOf(story.send())).toMatchObject({ type: 'WechatUnclear' })
    const before = await counted('unknown', '')
    expect(await story.send()).toMatchObject({ result: 'unknown', unclear: 2 })
    expect(faultsLeft(story)).toBe(1)
    expect(await story.row()).toMatchObject({ state: 'unknown', attempts: 2, unclear: 2 })
    expect(await story.step()).toMatchObject({ state: 'unknown' })
    expect(await usedIn(story)).toEqual([2])
    expect(await counted('unknown', '')).toBe(before + 1)
  })

  it.each(['assume-sent', 'retry'] as const)(
    '%s: stays unknown when its worker dies before Temporal has heard of it',
    async (onUnknown) => {
      const story = await desk.story({ account: { onUnknown } })
      story.fault({ reset: 'after', times: 2 })
      if (onUnknown === 'retry') await failureOf(story.send())
      const result = await story.send()
      const requests = story.verdicts().length
      expect(await story.send()).toMatchObject({ result: 'unknown', unclear: result.unclear })
      expect(story.verdicts()).toHaveLength(requests)
    },
  )

  it('counts as one of the quota: none is left for another attempt', async () => {
    const story = await desk.story()
    story.fault({ reset: 'before', times: 2 })
    const grant = { ...story.grant, used: story.grant.quota - 1 }
    expect(await story.send({ grant })).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(faultsLeft(story)).toBe(1)
  })

  it('is unknown, not held, when its grant is over before the next attempt', async () => {
    const story = await desk.story()
    story.fault({ reset: 'before' })
    await failureOf(story.send())
    expect(await story.send({ leftMs: 0 })).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(await story.step()).toMatchObject({ state: 'unknown' })
  })
})

describe("an answer without WeChat's JSON", () => {
  it('retry: is unclear, and tried again like a failure, each time at the cost of one of the quota', async () => {
    const story = await desk.story()
    story.fault({ status: 500, times: 3 })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { type, delayMs } = await failureOf(story.send())
      expect(type).toBe('WechatUnclear')
      delays.push(delayMs)
    }
    expect(delays).toEqual([1_000, 2_000, 4_000])
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 3 })
    expect(await usedIn(story)).toEqual([4])
  })

  it.each([500, 502, 504])(
    'retry: %i five times uses the grant up, and the step is unknown',
    async (status) => {
      const story = await desk.story()
      story.fault({ status, times: 9 })
      for (let attempt = 1; attempt <= 4; attempt++) await failureOf(story.send())
      expect(await story.send()).toMatchObject({ result: 'unknown', unclear: 5 })
      expect(faultsLeft(story)).toBe(4)
      expect(await usedIn(story)).toEqual([5])
    },
  )

  it('assume-sent: is unknown at once', async () => {
    const story = await desk.story({ account: { onUnknown: 'assume-sent' } })
    story.fault({ status: 500, times: 2 })
    expect(await story.send()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(faultsLeft(story)).toBe(1)
  })

  it('an attempt that WeChat did answer beside it costs nothing', async () => {
    const story = await desk.story()
    story.fault({ status: 500 })
    await failureOf(story.send())
    story.fault({ errcode: -1 })
    await failureOf(story.send())
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(await usedIn(story)).toEqual([2])
  })
})

describe('an attempt that was stopped for long and goes on beside its successor', () => {
  /** It waits for its token; meanwhile the other one writes its intent. */
  async function overtaken(story: SendStory, more: Parameters<SendStory['send']>[0] = {}) {
    story.fault({ api: 'stable_token', latencyMs: 500 })
    const sending = story.send(more)
    await until(() => faultsLeft(story) === 0)
    await writeIntent(desk.product.db, story.key(), Date.now(), 0)
    return sending
  }

  it('sends nothing, and comes back to see what became of the other one', async () => {
    const story = await desk.story({ account: { onUnknown: 'assume-sent' } })
    expect(await failureOf(overtaken(story))).toMatchObject({ type: 'Busy' })
    expect(story.verdicts()).toEqual([])
    expect(await story.row()).toMatchObject({ state: 'open', attempts: 1 })
  })

  it('says unknown when no time is left to come back', async () => {
    const story = await desk.story({ account: { onUnknown: 'assume-sent' } })
    expect(await overtaken(story, { leftMs: 800 })).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(story.verdicts()).toEqual([])
  })
})

describe('a worker that was killed between intent and result', () => {
  /** All that a killed worker leaves: its intent. */
  const killedInRequest = (story: SendStory) => writeIntent(desk.product.db, story.key(), Date.now(), 0)

  it('assume-sent: leaves an unknown step, and no second request', async () => {
    const story = await desk.story({ account: { onUnknown: 'assume-sent' } })
    await killedInRequest(story)
    expect(await story.send()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(story.verdicts()).toEqual([])
    expect(await story.row()).toMatchObject({ state: 'unknown', attempts: 1, unclear: 1 })
    expect(await story.step()).toMatchObject({
      state: 'unknown',
      reason: 'a worker was lost during the request',
    })
  })

  it('assume-sent: leaves no second request either when the next one died while it wrote that', async () => {
    const story = await desk.story({ account: { onUnknown: 'assume-sent' } })
    await killedInRequest(story)
    const lost = { unclear: true, reason: 'a worker was lost during the request', errcode: null, rid: null }
    await writeAttempt(desk.product.db, story.key(), { ...lost, now: Date.now() })
    expect(await story.send()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(story.verdicts()).toEqual([])
    expect(await story.row()).toMatchObject({ state: 'unknown', attempts: 1, unclear: 1 })
  })

  it('retry: gets one more request, whose answer counts', async () => {
    const story = await desk.story()
    await killedInRequest(story)
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(story.verdicts()).toEqual([0])
    expect(await story.row()).toMatchObject({ state: 'sent', attempts: 2, unclear: 1 })
    expect(await usedIn(story)).toEqual([2])
  })

  it('retry: gets no third one when the second worker is killed too', async () => {
    const story = await desk.story()
    await killedInRequest(story)
    story.fault({ reset: 'before' })
    expect(await story.send()).toMatchObject({ result: 'unknown', unclear: 2 })
    expect(story.verdicts()).toEqual([])
  })

  it('is settled as unknown when no time is left for anybody to take over', async () => {
    const story = await desk.story()
    await killedInRequest(story)
    expect(await story.settle()).toMatchObject({ result: 'unknown', unclear: 1 })
    expect(await story.step()).toMatchObject({ state: 'unknown' })
  })
})

describe('a send that the run gave up', () => {
  it('is not sent when no request had left', async () => {
    const story = await desk.story()
    story.fault({ errcode: -1 })
    await failureOf(story.send())
    expect(await story.settle()).toMatchObject({ result: 'not-sent', reason: 'WeChat is busy', errcode: -1 })
    expect(await story.step()).toMatchObject({ state: 'pending' })
  })

  it('turns from unknown to sent when its answer comes late after all', async () => {
    const story = await desk.story()
    story.fault({ latencyMs: 1_500 })
    const sending = story.send()
    await story.rowWhen((r) => r.state === 'open')
    expect(await story.settle()).toMatchObject({ result: 'unknown' })
    expect(await story.row()).toMatchObject({ state: 'unknown' })
    const result = await sending
    expect(result).toMatchObject({ result: 'sent' })
    expect(await story.row()).toMatchObject({ state: 'sent', sentAt: result.at, reason: null })
  })

  it('never turns from sent to unknown', async () => {
    const story = await desk.story()
    const { at } = await story.send()
    expect(await story.settle()).toMatchObject({ result: 'sent', at })
    expect(await story.row()).toMatchObject({ state: 'sent', sentAt: at })
  })
})

describe('an account whose requests hang', () => {
  it("holds a quarter of the worker's slots; its next send asks again soon, another account's goes", async () => {
    const ids = Array.from({ length: 26 }, (_, i) => `s${i}`)
    const steps = ids.map((id) => `  - { id: ${id}, after: 0s, since: entry, send: { text: ${id} } }`)
    const story = await desk.story({ steps: steps.join('\n') })
    const neighbour = await desk.story()
    story.fault({ latencyMs: 2_000, times: 25 })
    const hanging = ids.slice(0, 25).map((_, index) => story.send({ index }))
    expect(await failureOf(story.send({ index: 25 }))).toMatchObject({ type: 'Busy', delayMs: 250 })
    expect(await neighbour.send()).toMatchObject({ result: 'sent' })
    expect(story.verdicts()).toEqual([])
    await Promise.all(hanging)
    expect(await story.send({ index: 25 })).toBeDefined()
  })

  it('is left alone after three requests without an answer, until a probe is answered', async () => {
    const story = await desk.story()
    const neighbour = await desk.story()
    const { apiBase } = (await desk.product.accounts.find(story.appId)) ?? {}
    await desk.product.tokens.getToken(story.appId)
    await desk.product.accounts.patch(story.appId, { apiBase: 'http://127.0.0.1:9' })
    for (let nr = 1; nr <= 3; nr++) expect((await failureOf(story.send())).type).toBe('WechatFailed')
    const other = await story.another()
    const { type, message, delayMs } = await failureOf(other.send())
    expect([type, message]).toEqual(['Busy', "the account's requests get no answer"])
    expect(delayMs).toBeLessThanOrEqual(3_000)
    expect(await other.row()).toBeNull()
    expect(await neighbour.send()).toMatchObject({ result: 'sent' })
    await desk.product.accounts.patch(story.appId, { apiBase })
    desk.passMs(60_000)
    expect(await other.send()).toMatchObject({ result: 'sent' })
    expect(await story.send()).toMatchObject({ result: 'sent', unclear: 0 })
  })

  it('has a last try at the margin all the same', async () => {
    const story = await desk.story()
    await desk.product.tokens.getToken(story.appId)
    await desk.product.accounts.patch(story.appId, { apiBase: 'http://127.0.0.1:9' })
    for (let nr = 1; nr <= 3; nr++) await failureOf(story.send())
    const { type, delayMs } = await failureOf(story.send({ leftMs: 1_500 }))
    expect(type).toBe('Busy')
    expect(delayMs).toBeLessThanOrEqual(1_100)
    expect(await story.row()).toMatchObject({ attempts: 3 })
    await story.send({ leftMs: 440 }).catch(() => null)
    expect(await story.row()).toMatchObject({ attempts: 4 })
  })
})

describe('an account over its minute limit (45011)', () => {
  it('makes no request for its other followers before the next minute', async () => {
    const story = await desk.story()
    // Half a minute from either end.
    desk.passMs(90_000 - (desk.product.now() % 60_000))
    story.fault({ errcode: 45011 })
    await failureOf(story.send())
    const other = await story.another()
    const { type, message, delayMs } = await failureOf(other.send())
    expect([type, message]).toEqual(['Busy', 'minute limit of the account (45011)'])
    expect(delayMs).toBeLessThanOrEqual(65_000)
    expect(other.verdicts()).toEqual([])
    expect(await (await desk.story()).send()).toMatchObject({ result: 'sent' })
    desk.passMs(60_000)
    expect(await other.send()).toMatchObject({ result: 'sent' })
  })

  it('learns from WeChat how fast it may send, and keeps to it', async () => {
    const story = await desk.story()
    desk.passMs(90_000 - (desk.product.now() % 60_000))
    desk.simulator.account(story.appId).setQuota({ minute: 6 })
    story.fault({ errcode: 45011 })
    await failureOf(story.send())
    const account = await desk.product.accounts.find(story.appId)
    expect(account?.sendQuota).toMatchObject({ dailyLimit: 500_000, rate: { calls: 6, seconds: 60 } })
    desk.passMs(60_000)
    expect(await story.send()).toMatchObject({ result: 'sent' })
    const soon = await story.another()
    const { type, message } = await failureOf(soon.send())
    expect([type, message]).toEqual(['Busy', "the account's rate at WeChat"])
    desk.passMs(12_000)
    expect(await soon.send()).toMatchObject({ result: 'sent' })
  })
})

describe('a send that finds no slot until its margin', () => {
  const full = async () => {
    const ids = Array.from({ length: 26 }, (_, i) => `s${i}`)
    const steps = ids.map((id) => `  - { id: ${id}, after: 0s, since: entry, send: { text: ${id} } }`)
    const story = await desk.story({ steps: steps.join('\n') })
    return { story, hang: () => story.fault({ latencyMs: 2_000, times: 25 }) }
  }

  it('stays unknown when an earlier request of it was never answered', async () => {
    const { story, hang } = await full()
    story.fault({ reset: 'before' })
    await failureOf(story.send({ index: 25 }))
    hang()
    const hanging = Array.from({ length: 25 }, (_, index) => story.send({ index }))
    expect(await story.send({ index: 25, leftMs: 300 })).toMatchObject({ result: 'unknown', unclear: 1 })
    await Promise.all(hanging)
  })
})
