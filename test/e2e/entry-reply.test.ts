import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { campaignYaml } from '../harness/api-harness.ts'
import { type AppHarness, startAppHarness } from '../harness/app-harness.ts'

const APP = 'wxreply000000001'
const NEVER = 'wxreply000000002'

let app: AppHarness
beforeAll(async () => {
  app = await startAppHarness({ temporalAddress: inject('temporalAddress') })
  const campaign = (id: string, appId: string, reentry: string) =>
    campaignYaml(
      id,
      ['{ id: later, after: 1h, since: entry, send: { text: 后来 } }'],
      [
        `accounts: [${appId}]`,
        'entry: { event: message }',
        'reply: { text: 这是您的资料 }',
        'exit: { keywords: [TD] }',
        `reentry: ${reentry}`,
      ],
    )
  for (const [appId, reentry] of [
    [APP, 'always'],
    [NEVER, 'never'],
  ] as const) {
    await app.addAccount({ appId })
    await app.publish(campaign(`on-${reentry}`, appId, reentry))
  }
})
afterAll(() => app?.close())

const replyTo = async (appId: string, openId: string, text: string, times = 1) => {
  const { passiveReply } = await app.simulator.account(appId).type(openId, text, { times })
  return passiveReply?.fields.Content ?? null
}
const YOURS = '这是您的资料'

describe('the reply of a campaign that messages enter', () => {
  it('is sent to followers who enter, and to nobody else', async () => {
    expect(await replyTo(APP, 'oOne', '资料', 3)).toBe(YOURS)
    expect(await replyTo(APP, 'oOne', '在吗')).toBeNull()
    await app.waitForRun(APP, 'oOne', (r) => r.status === 'active')
    expect(await replyTo(APP, 'oOne', '在吗', 2)).toBeNull()
    expect(await replyTo(APP, 'oOne', 'TD')).toBeNull()
    await app.waitForRun(APP, 'oOne', (r) => r.outcome === 'opted-out')
    expect(await replyTo(APP, 'oOne', '资料')).toBeNull()
  })

  it('is sent again only where the campaign allows re-entry', async () => {
    for (const [appId, again] of [
      [APP, YOURS],
      [NEVER, null],
    ] as const) {
      const openId = 'oAgain'
      await app.simulator.account(appId).follow(openId)
      expect(await replyTo(appId, openId, '资料')).toBe(YOURS)
      await app.waitForRun(appId, openId, (r) => r.status === 'active')
      await app.simulator.account(appId).fastForward(openId, 3_700_000)
      await app.waitForRun(appId, openId, (r) => r.status === 'ended')
      expect(await replyTo(appId, openId, '资料')).toBe(again)
    }
  })
})
