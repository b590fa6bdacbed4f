import { pino } from 'pino'
import { expect, it } from 'vitest'
import { accountView } from '../../src/api/views/account-view.ts'
import { createCallbackApp } from '../../src/callback/callback-app.ts'
import { createConfigCache } from '../../src/callback/config/config-cache.ts'
import { createPurge } from '../../src/jobs/purge.ts'
import { envelope } from '../../src/simulator/callbacks/envelope.ts'
import { Pusher } from '../../src/simulator/callbacks/push.ts'
import { newAccount } from '../../src/simulator/state/model.ts'
import { createAccountStore } from '../../src/store/accounts/account-store.ts'
import { removeAccount } from '../../src/store/accounts/removed-accounts.ts'
import { createCampaignStore } from '../../src/store/campaigns/campaign-store.ts'
import type { Db } from '../../src/store/db.ts'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const APP = 'wxtest0000000001'
const GH = 'gh_test00000001'
const NOW = Date.parse('2026-11-23T08:00:00Z')
const DAY_MS = 24 * 3_600_000
const key = (word: string) => word.repeat(43).slice(0, 43)
const BEFORE = { token: 'test-token-before', encodingAesKey: key('testbefore') }
const AFTER = { token: 'test-token-after', encodingAesKey: key('testafter') }
const EARLIEST = { token: 'test-token-earliest', encodingAesKey: key('testearliest') }

/** An account with a callback server over a real store; the clock is moved by hand. */
async function createCallbacks(db: Db) {
  const clock = { now: NOW }
  const now = () => clock.now
  const log = pino({ level: 'silent' })
  const accounts = createAccountStore(db, createSealer('test-encryption-key'), now)
  const directory = createConfigCache({
    accounts,
    campaigns: createCampaignStore(db, now),
    mediaId: () => null,
    now,
    log,
  })
  await accounts.add({
    appId: APP,
    name: '测试账号',
    mode: 'security',
    appSecret: 'test-secret',
    ...BEFORE,
    rules: 'wechat-2023',
    onUnknown: 'retry',
    timezone: 'Asia/Shanghai',
    apiBase: null,
    humanAgents: false,
  })
  await directory.reload()
  const app = createCallbackApp({
    findAccount: directory.findAccount,
    match: () => ({ start: null, reply: { kind: 'text', content: '您好' } }),
    accept: async ({ reply }) => ({ fresh: true, id: 1, reply }),
    wakeDispatcher: () => {},
    onReceived: () => {},
    now,
    maxAgeMs: 600_000,
    log,
    count: () => {},
  })
  /** WeChat's side, with the token and key that were entered there. */
  const wechat = ({ token, encodingAesKey }: typeof BEFORE) =>
    newAccount({
      appId: APP,
      appSecret: 'test-secret',
      token,
      encodingAesKey,
      mode: 'security',
      originalId: GH,
      callbackUrl: `http://callback.test/wechat/${APP}`,
    })
  /** Takes requests to the app instead of the network. */
  const pusher = new Pusher(
    {
      answerTimeoutMs: 5_000,
      resends: 0,
      markFail: { failures: 100, pauseMs: 0 },
      async post(url, body, contentType) {
        const path = url.slice('http://callback.test'.length)
        const answer = await app.request(path, {
          method: 'POST',
          body,
          headers: { 'content-type': contentType },
        })
        return { status: answer.status, text: await answer.text() }
      },
    },
    now,
  )
  const message = (text: string) => ({
    ToUserName: GH,
    FromUserName: 'oFollower',
    CreateTime: Math.floor(clock.now / 1000),
    MsgType: 'text',
    Content: text,
    MsgId: String(clock.now),
  })
  return {
    clock,
    accounts,
    directory,
    async patch(patch: Parameters<typeof accounts.patch>[1]) {
      await accounts.patch(APP, patch)
      await directory.reload()
    },
    /** What WeChat makes of our answer: the text of the passive reply, or the status of a refusal. */
    async push(keys: typeof BEFORE): Promise<unknown> {
      const result = await pusher.push(wechat(keys), message('hi'))
      return result.ok ? result.passiveReply?.fields.Content : result.status
    },
    async challenge(keys: typeof BEFORE): Promise<number> {
      const { query } = envelope(wechat(keys), message('hi'), Math.floor(clock.now / 1000))
      const plain = new URLSearchParams({ ...Object.fromEntries(query), echostr: '4711' })
      plain.delete('msg_signature')
      return (await app.request(`/wechat/${APP}?${plain}`)).status
    },
  }
}

const columns = async (db: Db) => {
  const { rows } = (await db.execute(
    'SELECT previous_token_sealed AS token, previous_aes_key_sealed AS key FROM accounts',
  )) as unknown as { rows: { token: string | null; key: string | null }[] }
  return rows
}

describeOnBothStores('an owned account whose EncodingAESKey or token is changed', (store) => {
  it.each([
    ['nothing yet', BEFORE],
    ['the key only', { ...BEFORE, encodingAesKey: AFTER.encodingAesKey }],
    ['the token only', { ...BEFORE, token: AFTER.token }],
    ['both', AFTER],
  ])('takes callbacks and answers them as they came while WeChat has changed %s', async (_, keys) => {
    const { patch, push, challenge, clock } = await createCallbacks(store().db)
    await patch(AFTER)
    expect(await push(keys)).toBe('您好')
    expect(await challenge(keys)).toBe(200)
    clock.now += DAY_MS - 1_000
    expect(await push(keys)).toBe('您好')
  })

  it('is opened by the one before for a day, though nobody reads the account again', async () => {
    const { patch, push, challenge, clock } = await createCallbacks(store().db)
    await patch(AFTER)
    clock.now += DAY_MS
    expect(await push(BEFORE)).toBe(401)
    expect(await challenge(BEFORE)).toBe(401)
    expect(await push({ ...AFTER, encodingAesKey: BEFORE.encodingAesKey })).toBe(401)
    expect(await push(AFTER)).toBe('您好')
  })

  it('keeps the last one only, and not longer because the same was entered again', async () => {
    const { patch, push, clock } = await createCallbacks(store().db)
    await patch(EARLIEST)
    await patch(AFTER)
    expect(await push(BEFORE)).toBe(401)
    expect(await push(EARLIEST)).toBe('您好')
    clock.now += DAY_MS - 1_000
    await patch({ ...AFTER, name: '新名称' })
    clock.now += 2_000
    expect(await push(EARLIEST)).toBe(401)
    expect(await push(AFTER)).toBe('您好')
  })

  it('has a token and a key with a day each', async () => {
    const { patch, push, clock } = await createCallbacks(store().db)
    await patch({ encodingAesKey: AFTER.encodingAesKey })
    clock.now += DAY_MS / 2
    await patch({ token: AFTER.token })
    clock.now += DAY_MS / 2
    expect(await push(BEFORE)).toBe(401)
    expect(await push({ ...AFTER, token: BEFORE.token })).toBe('您好')
  })

  it('gives them up: the purge takes them out of the store, and so does the removal', async () => {
    const { db } = store()
    const { accounts, patch, clock } = await createCallbacks(db)
    await patch(AFTER)
    const [kept] = await columns(db)
    expect(kept?.key).not.toBeNull()
    expect(JSON.stringify(kept)).not.toContain('testbefore')
    const changed = await accounts.find(APP)
    expect(changed && JSON.stringify(accountView(changed, NOW))).not.toMatch(/before|after/)
    const purge = createPurge({ db, now: () => clock.now, retentionDays: 30 })
    clock.now += DAY_MS - 1_000
    await purge.run({ lastRunAt: null })
    expect(await columns(db)).toEqual([kept])
    clock.now += 1_000
    await purge.run({ lastRunAt: null })
    expect(await columns(db)).toEqual([{ token: null, key: null }])
    await patch(BEFORE)
    await removeAccount(db, APP, clock.now)
    expect(await columns(db)).toEqual([])
  })
})
