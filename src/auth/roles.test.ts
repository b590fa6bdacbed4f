import { describe, expect, it } from 'vitest'
import { hasRole, type Role, requiredRole, requiredRoleForAccountFields } from './roles.ts'

describe('hasRole', () => {
  it.each<[Role, Role, boolean]>([
    ['viewer', 'viewer', true],
    ['viewer', 'operator', false],
    ['operator', 'viewer', true],
    ['operator', 'admin', false],
    ['admin', 'operator', true],
  ])('%s, if %s is needed: %s', (role, needed, may) => {
    expect(hasRole(role, needed)).toBe(may)
  })
})

describe('the role that a call needs', () => {
  it.each([
    ['GET', '/metrics', 'viewer'],
    ['GET', '/api/accounts', 'viewer'],
    ['HEAD', '/api/accounts/wx1/menu', 'viewer'],
    ['GET', '/api/campaigns/{id}/runs.jsonl', 'viewer'],
    ['POST', '/api/followers/wx1/o1/cancel', 'operator'],
    ['PUT', '/api/campaigns/welcome', 'operator'],
    ['POST', '/api/media', 'operator'],
    ['PUT', '/api/accounts/wx1/menu', 'operator'],
    ['DELETE', '/api/accounts/wx1/menu', 'operator'],
    ['POST', '/api/accounts/{appId}/verify', 'operator'],
    ['PATCH', '/api/accounts/{appId}', 'operator'],
    ['POST', '/api/what/comes/later', 'operator'],
    ['POST', '/api/accounts', 'admin'],
    ['delete', '/api/accounts/wx1', 'admin'],
    ['GET', '/api/users', 'admin'],
    ['PATCH', '/api/users/{name}', 'admin'],
    ['POST', '/api/tokens', 'admin'],
    ['DELETE', '/api/tokens/tok_1', 'admin'],
    ['GET', '/api/audit', 'admin'],
  ])('%s %s: %s', (method, path, role) => {
    expect(requiredRole(method, path)).toBe(role)
  })

  it('for a change of an account depends on the changed fields', () => {
    expect(requiredRoleForAccountFields(['state'])).toBe('operator')
    expect(requiredRoleForAccountFields(['name', 'variables'])).toBe('operator')
    for (const field of ['appSecret', 'token', 'encodingAesKey', 'mode', 'apiBase', 'forward', 'new-one'])
      expect([field, requiredRoleForAccountFields(['state', field])]).toEqual([field, 'admin'])
  })
})
