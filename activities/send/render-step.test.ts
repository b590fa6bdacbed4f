import { drizzle } from 'drizzle-orm/pglite'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/campaign/message-model.ts'
import { beginRun } from '../../src/run/run-events.ts'
import type { RunState } from '../../src/run/state.ts'
import * as schema from '../../src/store/schema.ts'
import { createWechatClient } from '../../src/wechat/api/client.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { createSendThrottle } from '../throttle/send-throttle.ts'
import { renderStep } from './render-step.ts'
import type { SendInput } from './send-input.ts'

const DAY = 86_400_000
/** 2027-01-15, 16:00 in Shanghai. */
const ENTRY = Date.UTC(2027, 0, 15, 8)
/** Never queried: a message without uploaded media needs no store. Messages with media are in test/activities. */
const db = drizzle.mock({ schema })

const account: SendAccount = {
  appId: 'wxbody',
  name: '测试账号',
  timezone: 'Asia/Shanghai',
  refusedKinds: [],
  onUnknown: 'retry',
  active: true,
  stateReason: null,
  rate: null,
  variables: {},
  client: createWechatClient({ apiBase: 'http://127.0.0.1:9' }),
}

/** Ports that fail when rendering uses more than the store and `messageOf`. */
function deps(messageOf: ActivityDeps['messageOf']): ActivityDeps {
  const never = async () => {
    throw new Error('rendering must not use this port')
  }
  return {
    db,
    log: pino({ level: 'silent' }),
    now: () => ENTRY,
    tokens: { currentToken: () => null, getToken: never, afterRefusal: never },
    throttle: createSendThrottle({ slots: 1, now: () => ENTRY }),
    accounts: {
      find: never,
      findRecent: never,
      stop: never,
      recordRefusedKind: never,
      fetchSendQuota: never,
      recordInvalidRecipient: never,
      recordValidRecipient: never,
      recordAcceptedKind: never,
    },
    cohortOf: never,
    messageOf,
    recentMessageOf: messageOf,
    metrics: {
      sent() {},
      attempt() {},
      mismatch() {},
      held() {},
      lateness() {},
      skipped() {},
      ended() {},
      snapshotReduced() {},
    },
  }
}

function sendInput(more: Partial<RunState> = {}, now = ENTRY): SendInput {
  const entry = {
    at: ENTRY,
    seq: 1,
    key: 'run-1',
    event: 'subscribe' as const,
    qrScene: 'expo',
    eventKey: null,
    text: null,
  }
  const step = {
    id: 'hello',
    kind: 'text',
    media: false,
    afterMs: 0,
    since: 'entry' as const,
    ifLate: 'hold' as const,
    when: null,
  }
  const plan = {
    campaign: 'welcome',
    version: 3,
    steps: [step],
    spacingMs: 2_000,
    windowMs: 2 * DAY,
    exitKeywords: [],
  }
  const state = { ...beginRun(plan, entry, []), ...more }
  const grant = {
    scene: 'message' as const,
    grantedAt: ENTRY,
    expiresAt: ENTRY + 2 * DAY,
    quota: 5,
    used: 0,
  }
  return { state, index: 0, grant, leftMs: 60_000, now }
}
const render = (message: Message | null, input = sendInput()) =>
  renderStep(
    deps(async () => message),
    input,
    account,
  )

describe('the tracked links of a message', () => {
  it('are the addresses themselves without a public URL', async () => {
    const text = "看 {{ 'https://example.com/a' | track: 'a' }}"
    expect(await render({ text })).toMatchObject({ body: { text: { content: '看 https://example.com/a' } } })
  })

  it('cannot have one name for two addresses', async () => {
    const text = "{{ 'https://example.com/a' | track: 'a' }} {{ 'https://example.com/b' | track: 'a' }}"
    expect(await render({ text })).toEqual({
      refused: expect.stringContaining('cannot be rendered: two links have the name "a"'),
    })
  })
})

describe("a step's message", () => {
  it('is found by campaign, version and step', async () => {
    const requested: unknown[] = []
    const messageOf: ActivityDeps['messageOf'] = async (...args) => {
      requested.push(args)
      return { text: 'hi' }
    }
    await renderStep(deps(messageOf), sendInput(), account)
    expect(requested).toEqual([['welcome', 3, 'hello']])
  })

  it('is rendered with the account, the entry and the reply, and without `touser`', async () => {
    const text = '{{ account.name }} · {{ qrScene }} · {{ entry.at }} · {{ reply.text }}'
    const input = sendInput({ reply: { at: ENTRY + 1_000, text: '1' } })
    const message = { text }
    expect(await render(message, input)).toEqual({
      body: { msgtype: 'text', text: { content: '测试账号 · expo · 2027-01-15T16:00:00 · 1' } },
      message,
    })
  })

  it("can use the account's own variables", async () => {
    const withCity = { ...account, variables: { city: '上海' } }
    const rendered = renderStep(
      deps(async () => ({ text: '{{ account.city }}店' })),
      sendInput(),
      withCity,
    )
    expect(await rendered).toMatchObject({ body: { text: { content: '上海店' } } })
  })

  it("counts days by the follower's clock, not by this machine's", async () => {
    const input = sendInput({}, ENTRY + 3 * DAY + 5_000)
    expect(await render({ text: '{{ daysSinceEntry }}' }, input)).toMatchObject({
      body: { text: { content: '3' } },
    })
  })

  it("needs no upload for a medium that is WeChat's own", async () => {
    expect(await render({ image: { mediaId: 'permanent_1' } })).toMatchObject({
      body: { image: { media_id: 'permanent_1' } },
    })
  })
})

describe('a step whose message cannot be rendered', () => {
  it('names the variable that the account does not have', async () => {
    expect(await render({ text: '{{ account.city }}店' })).toEqual({
      refused: 'cannot be rendered: the account has no variable "city" ({{ account.city }})',
    })
  })

  it('has the reason message-gone when the message no longer exists', async () => {
    expect(await render(null)).toEqual({ refused: 'message-gone' })
  })

  it('has the error of its template in the reason', async () => {
    expect(await render({ text: '{{ nobody.knows.this }}' })).toEqual({
      refused: expect.stringMatching(/^cannot be rendered: .*nobody/),
    })
  })

  it('has the reason empty-text when a field has no visible character', async () => {
    expect(await render({ text: '{{ reply.text }}' })).toEqual({ refused: 'empty-text: text' })
    const invisible = sendInput({ reply: { at: ENTRY, text: '\u200b ' } })
    expect(await render({ text: '{{ reply.text }}' }, invisible)).toEqual({ refused: 'empty-text: text' })
  })
})
