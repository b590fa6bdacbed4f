import fc from 'fast-check'
import { afterAll, beforeAll, describe, inject, it } from 'vitest'
import { saveMedium } from '../../src/store/campaigns/media-store.ts'
import { malformedAnswers } from '../fixtures/malformed-answers.ts'
import { openWechatProxy, type WechatProxy } from '../fixtures/wechat-proxy.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'

/** The longest time that a malformed answer of any call may delay a later step. */
const BOUND_MS = 60_000
/** The number of cases of each call. The seed is fixed. */
const SAMPLE = { numRuns: 4, seed: 15 }

const PAGES = ['', '<html>please sign in to this network</html>', '{}', '[]', 'null', '{"errcode":"0"}']
const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex')
const PNG = Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex')
const done = { errcode: 0, errmsg: 'ok' }

let app: AppHarness
let proxy: WechatProxy
/** The media of a step by type. */
const media: Record<string, string> = {}
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  proxy = await openWechatProxy(app.simulatorUrl)
  for (const [type, content, contentType] of [
    ['thumb', JPEG, 'image/jpeg'],
    ['image', PNG, 'image/png'],
  ] as const) {
    const medium = { type, contentType, filename: `a.${type}`, content, createdAt: Date.now() }
    media[type] = (await saveMedium(app.services.db, medium)).id
  }
})
afterAll(async () => {
  await app?.close()
  await proxy?.close()
})

/** A call of a step, with WeChat's valid answer. */
interface Call {
  api: string
  good: object
  step: () => string
  /** Only the first requests, or those of the first step, get a malformed answer. The later step makes the same call. */
  times?: number
  bodyIncludes?: string
}
const TEXT = 'text: 第一条'
const CALLS: Record<string, Call> = {
  token: {
    api: 'stable_token',
    good: { access_token: 't', expires_in: 7200 },
    step: () => `send: { ${TEXT} }`,
    times: 4,
  },
  send: { api: 'message/custom/send', good: done, step: () => `send: { ${TEXT} }`, bodyIncludes: '第一条' },
  thumb: {
    api: 'media/upload',
    good: { type: 'thumb', thumb_media_id: 'm', created_at: 1 },
    step: () =>
      `send: { music: { title: 歌, description: 歌, url: 'https://example.com/a', thumb: ${media.thumb} } }`,
  },
  image: {
    api: 'media/upload',
    good: { type: 'image', media_id: 'm', created_at: 1 },
    step: () => `send: { image: { file: ${media.image} } }`,
  },
  facts: {
    api: 'user/info',
    good: { subscribe: 1, openid: 'o', subscribe_scene: 's', tagid_list: [100] },
    step: () => `when: { tag: 金卡 }, send: { ${TEXT} }`,
  },
  tags: { api: 'tags/get', good: { tags: [{ id: 2, name: '星标组' }] }, step: () => 'tag: [新粉]' },
  createTag: { api: 'tags/create', good: { tag: { id: 100, name: '新粉' } }, step: () => 'tag: [新粉]' },
  tagFollower: { api: 'members/batchtagging', good: done, step: () => 'tag: [新粉]' },
}

let accounts = 0
/** Runs one follower of an account whose call `api` is answered with `body`. Returns the results of both steps. */
async function play({ step, good: _, ...call }: Call, body: string) {
  const appId = `wxbad${String(++accounts).padStart(11, '0')}`
  const openId = `o${appId}`
  await app.addAccount({ appId, apiBase: proxy.apiBaseOf(appId) })
  proxy.overrideAnswer(appId, { ...call, body })
  await app.publish(
    `{ id: ${appId}, name: 测试, accounts: [${appId}], entry: { event: message }, spacing: 0s, steps: [
      { id: first, after: 0s, since: entry, ${step()} },
      { id: later, after: 1s, since: entry, send: { text: 第二条 } }] }`,
  )
  await app.simulator.account(appId).follow(openId)
  await app.simulator.account(appId).type(openId, '你好')
  const run = await app.waitForRun(appId, openId, (r) => r.status === 'ended')
  const [first, later] = run.state.steps
  return { body, first, later, waitedMs: (later?.sentAt ?? Number.NaN) - run.state.entry.at }
}

/** −1 is a valid answer of WeChat, and retried like any outage. */
function isBusy(body: string): boolean {
  try {
    return JSON.parse(body)?.errcode === -1
  } catch {
    return false
  }
}

// Most of the time passes between retries, so the calls are tested at once.
describe.concurrent.each(Object.entries(CALLS))('a malformed answer to %s', (name, call) => {
  it('ends its step with a reason, and a later one is sent within the minute', async ({ expect }) => {
    const fuzzed = fc.sample(
      malformedAnswers(call.good).filter((body) => !isBusy(body)),
      SAMPLE,
    )
    const outcomes = await Promise.all([...PAGES, ...fuzzed].map((body) => play(call, body)))
    for (const { body, first, later, waitedMs } of outcomes) {
      const context = JSON.stringify({ name, body, first, later })
      expect(['sent', 'skipped', 'unknown'], context).toContain(first?.state)
      if (first?.state !== 'sent') expect(first?.reason, context).toBeTruthy()
      expect(later?.state, context).toBe('sent')
      expect(waitedMs, context).toBeLessThan(BOUND_MS)
    }
  })
})
