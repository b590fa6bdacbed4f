import type { Context, MiddlewareHandler } from 'hono'
import type { BearerAuth } from '../auth/auth.ts'
import type { BearerResult } from '../auth/bearer-auth.ts'
import type { Principal } from '../auth/principal.ts'
import { hasRole, type Role, requiredRole } from '../auth/roles.ts'
import { ApiError, forbidden } from './api-error.ts'

/**
 * Requires a bearer token with the role that the call needs, and sets `principal`. The console's session cookie is not
 * accepted, because a page of another site could send it.
 * @param isOtherOrigin whether a request came from a page that may not call this route; such a refusal is counted as `origin`
 */
export function createBearerGuard(
  { authenticate, client, refusals }: Pick<BearerAuth, 'authenticate' | 'client' | 'refusals'>,
  requiredRoleOf: (method: string, path: string) => Role = requiredRole,
  where: 'api' | 'codec' = 'api',
  isOtherOrigin: (c: Context) => boolean = () => false,
): MiddlewareHandler {
  return async function guard(c, next) {
    const { address } = client(c)
    const result = await authenticate(c.req.header('authorization'), address)
    if (result.kind !== 'authenticated') {
      if (where === 'codec' && result.kind === 'none' && isOtherOrigin(c))
        refusals.record({ where, reason: 'origin', address })
      else refusals.record({ where, reason: result.kind, address })
      throw unauthorisedError(result)
    }
    checkRole({ client, refusals }, c, {
      principal: result.principal,
      needed: requiredRoleOf(c.req.method, c.req.path),
      where,
    })
    c.set('principal', result.principal)
    return next()
  }
}

/** @throws ApiError 403 when the role of the caller is too low. The refusal is counted. */
export function checkRole(
  { client, refusals }: Pick<BearerAuth, 'client' | 'refusals'>,
  c: Context,
  check: { principal: Principal; needed: Role; where: 'api' | 'codec' | 'console' },
): void {
  const { needed, where } = check
  const { actor, role } = check.principal
  if (hasRole(role, needed)) return
  refusals.record({ where, reason: 'role', address: client(c).address, actor })
  throw forbidden(needed, role)
}

function unauthorisedError(result: Exclude<BearerResult, { kind: 'authenticated' }>): ApiError {
  const challenge = { 'www-authenticate': 'Bearer' }
  switch (result.kind) {
    case 'none':
    case 'wrong': {
      const message =
        'A valid token is required. Send the admin token or an API token as "Authorization: Bearer …".'
      return new ApiError(401, 'unauthorised', message, undefined, challenge)
    }
    case 'expired':
      return new ApiError(
        401,
        'unauthorised',
        'This token has expired. Ask an admin for a new one.',
        undefined,
        challenge,
      )
    case 'wait': {
      const seconds = Math.ceil(result.ms / 1000)
      const message = `Too many invalid tokens from this address. Try again in ${seconds} s.`
      return new ApiError(429, 'too-many', message, undefined, { 'retry-after': String(seconds) })
    }
    default:
      return result satisfies never
  }
}
