import { describe, expect, it } from 'vitest'
import { requiredAction } from './remedy.ts'

type Account = Parameters<typeof requiredAction>[0]
const account = (state: Account['state'], stateReason: string | null = null): Account => ({
  appId: 'wx1',
  state,
  stateReason,
})
const withPlatform = { platform: true }
const withoutPlatform = { platform: false }

describe('what to do about an account', () => {
  it('is nothing while it is active', () =>
    expect(requiredAction(account('active'), withPlatform)).toBeNull())

  it.each<[Account['state'], string | null, string, string]>([
    ['paused', 'paused by operator', '恢复', 'account resume wx1'],
    ['paused', null, '恢复', 'account resume wx1'],
    ['paused', '40164 caller IP not in whitelist', '白名单', 'IP whitelist'],
    ['blocked', null, '通知', 'account resume wx1'],
    ['blocked', '48001 api unauthorized', '认证', 'certified'],
    ['blocked', '40003 invalid openid', '40003', '40003'],
    ['quota-exhausted', null, '自动恢复', 'by itself'],
    ['quota-exhausted', '45009 daily API quota used up', '零点', 'midnight'],
    ['needs-authorisation', 'The owner took the authorisation back', '重新授权', 'authorise again'],
    ['needs-authorisation', '61023 refresh_token invalid', '重新授权', 'authorise again'],
    ['needs-authorisation', null, '重新授权', 'authorise again'],
  ])('%s (%s): %s', (state, reason, zh, en) => {
    const todo = requiredAction(account(state, reason), withPlatform)
    expect(todo?.zh).toContain(zh)
    expect(todo?.en).toContain(en)
    expect(todo?.authorise).toBe(state === 'needs-authorisation')
  })

  it('has no link to an authorisation page without a platform', () => {
    const todo = requiredAction(account('needs-authorisation'), withoutPlatform)
    expect(todo).toMatchObject({ authorise: false, en: expect.stringContaining('COMPONENT_APP_ID') })
  })
})
