import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf, type SendHarness, type SendScenario, startSendHarness } from '../harness/send-harness.ts'

const TYPED = '  - { id: hello, typing: 2s, send: { text: 你好 } }'
const TYPING = 'message/custom/typing'

let harness: SendHarness
beforeAll(async () => {
  harness = await startSendHarness()
})
afterAll(() => harness?.close())

const isTyping = (scenario: SendScenario) => {
  const { wechat } = harness.simulator
  return wechat.peek(scenario).typingUntil > wechat.clockOf(wechat.peek(scenario))
}

describe('a step with typing', () => {
  it('shows it first, and sends the message with the next attempt', async () => {
    const scenario = await harness.scenario({ steps: TYPED })
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'Typing', delayMs: 2_000 })
    expect([isTyping(scenario), await scenario.delivery(), scenario.verdicts()]).toEqual([true, null, []])
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent', attempts: 1 })
    expect([isTyping(scenario), scenario.received()]).toEqual([false, [{ content: '你好' }]])
  })

  it('is not sent when the follower unfollows while it is typed', async () => {
    const scenario = await harness.scenario({ steps: TYPED })
    await failureOf(scenario.send())
    await scenario.wechat.unfollow(scenario.openId)
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'Deferred', message: 'unfollowed' })
    expect(scenario.verdicts()).toEqual([])
  })

  it.each([45080, 45081, 45015, 48001, 40001, -1])(
    'is sent at once when WeChat refuses to show it: %i',
    async (errcode) => {
      const scenario = await harness.scenario({ steps: TYPED })
      scenario.fault({ api: TYPING, errcode })
      expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 0 })
      expect(scenario.verdicts()).toEqual([0])
      expect(await scenario.accountState()).toMatchObject({ state: 'active' })
    },
  )

  it('does not wait long for the answer', async () => {
    const scenario = await harness.scenario({ steps: TYPED })
    scenario.fault({ api: TYPING, latencyMs: 30_000 })
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
  })

  it('is sent without it when its grant ends soon', async () => {
    const scenario = await harness.scenario({ steps: TYPED })
    expect(await scenario.send({ leftMs: 3_500 })).toMatchObject({ result: 'sent' })
    expect(isTyping(scenario)).toBe(false)
  })

  it('shows it only before the first request', async () => {
    const scenario = await harness.scenario({ steps: TYPED })
    scenario.fault({ errcode: -1 })
    await failureOf(scenario.send())
    expect(await failureOf(scenario.send())).toMatchObject({ type: 'WechatFailed' })
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(harness.simulator.wechat.account(scenario.appId).calls.get(`/cgi-bin/${TYPING}`)).toBe(1)
  })
})
