import { describe, expect, it } from 'vitest'
import { needsFix, needsSecret, requiredAction } from './remedy.ts'

type Account = Parameters<typeof requiredAction>[0]
const account = (state: Account['state'], stateReason: string | null = null): Account => ({
  state,
  stateReason,
})
const withPlatform = { platform: true }
const withoutPlatform = { platform: false }

describe('what to do about an account', () => {
  it('is nothing while it is active', () =>
    expect(requiredAction(account('active'), withPlatform)).toBeNull())

  it.each<[Account['state'], string | null, string, string]>([
    ['paused', 'paused by operator', '恢复', 'resume'],
    ['paused', null, '恢复', 'resume'],
    ['paused', '40164 caller IP not in whitelist', '白名单', 'IP whitelist'],
    ['blocked', null, '通知', 'resume'],
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

describe('an account that a person has to fix', () => {
  it.each<[Account['state'], string | null, boolean]>([
    ['active', null, false],
    ['paused', 'paused by operator', false],
    ['paused', null, false],
    ['paused', '40164 caller IP not in whitelist', true],
    ['blocked', '48001 api unauthorized', true],
    ['needs-authorisation', null, true],
    ['quota-exhausted', '45009 daily API quota used up', false],
  ])('%s (%s): %s', (state, reason, fix) => expect(needsFix(account(state, reason))).toBe(fix))

  it('needs another AppSecret only where WeChat refused it', () => {
    expect(needsSecret(account('blocked', '40125 invalid appsecret'))).toBe(true)
    expect(needsSecret(account('blocked', '48001 api unauthorized'))).toBe(false)
    expect(needsSecret(account('active'))).toBe(false)
  })
})
