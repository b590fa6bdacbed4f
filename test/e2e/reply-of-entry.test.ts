import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { campaignYaml } from '../support/api.ts'
import { startWhole, type Whole } from '../support/whole.ts'

const APP = 'wxreply000000001'
const NEVER = 'wxreply000000002'

let whole: Whole
beforeAll(async () => {
  whole = await startWhole({ engineAddress: inject('engineAddress') })
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
    await whole.addAccount({ appId })
    await whole.publish(campaign(`on-${reentry}`, appId, reentry))
  }
})
afterAll(() => whole?.close())

const said = async (appId: string, openId: string, text: string, times = 1) => {
  const { passiveReply } = await whole.simulator.account(appId).type(openId, text, { times })
  return passiveReply?.fields.Content ?? null
}
const YOURS = '这是您的资料'

describe('the reply of a campaign that messages enter', () => {
  it('is given to who enters, and to nobody else', async () => {
    expect(await said(APP, 'oOne', '资料', 3)).toBe(YOURS)
    expect(await said(APP, 'oOne', '在吗')).toBeNull()
    await whole.runWhen(APP, 'oOne', (r) => r.status === 'active')
    expect(await said(APP, 'oOne', '在吗', 2)).toBeNull()
    expect(await said(APP, 'oOne', 'TD')).toBeNull()
    await whole.runWhen(APP, 'oOne', (r) => r.outcome === 'opted-out')
    expect(await said(APP, 'oOne', '资料')).toBeNull()
  })

  it('is given again where the campaign may be entered again, and not where it may not', async () => {
    for (const [appId, again] of [
      [APP, YOURS],
      [NEVER, null],
    ] as const) {
      const openId = 'oAgain'
      await whole.simulator.account(appId).follow(openId)
      expect(await said(appId, openId, '资料')).toBe(YOURS)
      await whole.runWhen(appId, openId, (r) => r.status === 'active')
      await whole.simulator.account(appId).fastForward(openId, 3_700_000)
      await whole.runWhen(appId, openId, (r) => r.status === 'ended')
      expect(await said(appId, openId, '资料')).toBe(again)
    }
  })
})
