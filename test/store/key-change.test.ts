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

/** An account with a callback server over a real store and a manual clock. */
async function createCallbacks(db: Db) {
  const clock = { now: NOW }
  const now = () => clock.now
  const log = pino({ level: 'silent' })
  const accounts = createAccountStore(db, createSealer('test-encryption-key'), now)
  const configCache = createConfigCache({
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
  await configCache.reload()
  const app = createCallbackApp({
    findAccount: configCache.findAccount,
    match: () => ({ start: null, reply: { kind: 'text', content: '您好' } }),
    accept: async ({ reply }) => ({ fresh: true, id: 1, reply }),
    wakeDispatcher: () => {},
    onReceived: () => {},
    now,
    maxAgeMs: 600_000,
    log,
    count: () => {},
  })
  /** The account at WeChat, with the token and key that its owner entered there. */
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
  /** Sends requests directly to the app, without the network. */
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
    async patch(patch: Parameters<typeof accounts.patch>[1]) {
      await accounts.patch(APP, patch)
      await configCache.reload()
    },
    /** The text of the passive reply as WeChat reads it, or the status of a rejected callback. */
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
    ['neither', BEFORE],
    ['only the key', { ...BEFORE, encodingAesKey: AFTER.encodingAesKey }],
    ['only the token', { ...BEFORE, token: AFTER.token }],
    ['both', AFTER],
  ])(
    'accepts callbacks and replies to them for a day while WeChat has the new values of %s',
    async (_, keys) => {
      const { patch, push, challenge, clock } = await createCallbacks(store().db)
      await patch(AFTER)
      expect(await push(keys)).toBe('您好')
      expect(await challenge(keys)).toBe(200)
      clock.now += DAY_MS - 1_000
      expect(await push(keys)).toBe('您好')
    },
  )

  it('rejects the previous values after a day, without a reload of the account', async () => {
    const { patch, push, challenge, clock } = await createCallbacks(store().db)
    await patch(AFTER)
    clock.now += DAY_MS
    expect(await push(BEFORE)).toBe(401)
    expect(await challenge(BEFORE)).toBe(401)
    expect(await push({ ...AFTER, encodingAesKey: BEFORE.encodingAesKey })).toBe(401)
    expect(await push(AFTER)).toBe('您好')
  })

  it('keeps only the last previous values, and entering the same values again does not extend them', async () => {
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

  it('counts the day for token and key separately', async () => {
    const { patch, push, clock } = await createCallbacks(store().db)
    await patch({ encodingAesKey: AFTER.encodingAesKey })
    clock.now += DAY_MS / 2
    await patch({ token: AFTER.token })
    clock.now += DAY_MS / 2
    expect(await push(BEFORE)).toBe(401)
    expect(await push({ ...AFTER, token: BEFORE.token })).toBe('您好')
  })

  it('deletes the previous values with the purge, and with the removal of the account', async () => {
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
