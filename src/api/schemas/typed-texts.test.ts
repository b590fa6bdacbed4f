import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { cancelBody } from '../routes/follower-routes.ts'
import { accountPatch, newAccount } from './account-schemas.ts'
import { bulkBody } from './bulk-schemas.ts'
import { rollbackBody } from './campaign-lifecycle-schemas.ts'
import { versionNote } from './campaign-schemas.ts'
import { tagsBody } from './event-schemas.ts'
import { newToken } from './user-schemas.ts'

const TYPED = '\u202e太\u0007打\u001b扰\r\n退\t订 '
const LINE = '太打扰 退 订'
const ACCOUNT = {
  appId: 'wxtyped00000001',
  appSecret: 'test-secret',
  token: 'test_token',
  mode: 'plain',
}
const CHOSEN = { followers: [{ appId: 'wxtyped00000001', openId: 'oA' }] }

describe('a text that an operator types', () => {
  it.each<[string, z.ZodType, unknown, unknown]>([
    ['the note of a version', versionNote, TYPED, LINE],
    ['the note of a rollback', rollbackBody, { version: 1, note: TYPED }, { version: 1, note: LINE }],
    ['the reason of a cancel', cancelBody, { reason: TYPED }, { reason: LINE }],
    [
      'the reason of a bulk job',
      bulkBody,
      { action: 'cancel', ...CHOSEN, reason: TYPED },
      { action: 'cancel', ...CHOSEN, reason: LINE, dryRun: false },
    ],
    ['the name of a new account', newAccount.pick({ name: true }), { name: TYPED }, { name: LINE }],
    ['the name of an account', accountPatch, { name: TYPED }, { name: LINE }],
    ['the name of a token', newToken, { name: TYPED, role: 'viewer' }, { name: LINE, role: 'viewer' }],
    ['a tag', tagsBody, { add: [TYPED] }, { add: [LINE], remove: [] }],
    [
      'a variable, which may have several lines',
      accountPatch,
      { variables: { shop: 'a\u001b\r\nb' } },
      { variables: { shop: 'a\nb' } },
    ],
  ])('is kept without control characters: %s', (_, schema, given, kept) => {
    expect(schema.parse(given)).toEqual(kept)
  })

  it.each<[string, z.ZodType, object]>([
    ['an account', newAccount, { ...ACCOUNT, name: '\u0007\n' }],
    ['a token', newToken, { name: '\u0007\n', role: 'viewer' }],
    ['a tag', tagsBody, { add: ['\u0007\n'] }],
  ])('is missing when it has nothing else: the name of %s', (_, schema, given) => {
    expect(schema.safeParse(given).success).toBe(false)
  })
})
