import type { Context, MiddlewareHandler } from 'hono'
import type { Borne } from '../access/bearer.ts'
import type { BearerAccess } from '../access/index.ts'
import { type Role, reaches, roleNeeded } from '../access/roles.ts'
import { ApiError, forbidden } from './errors.ts'

/**
 * Lets pass whoever bears a token with the role that the call needs, and notes who it is. The console's cookie is not
 * asked for: another site's page could send it along. `isOtherOrigin`: a page that may not ask has sent it nevertheless.
 */
export function createGuard(
  { readBearer, client, refusals }: Pick<BearerAccess, 'readBearer' | 'client' | 'refusals'>,
  needs: (method: string, path: string) => Role = roleNeeded,
  where: 'api' | 'codec' = 'api',
  isOtherOrigin: (c: Context) => boolean = () => false,
): MiddlewareHandler {
  return async function guard(c, next) {
    const { address } = client(c)
    const borne = await readBearer(c.req.header('authorization'), address)
    if (borne.kind !== 'who') {
      if (where === 'codec' && borne.kind === 'none' && isOtherOrigin(c))
        refusals.note({ where, reason: 'origin', address })
      else refusals.note({ where, reason: borne.kind, address })
      throw unauthorised(borne)
    }
    const needed = needs(c.req.method, c.req.path)
    const { actor, role } = borne.who
    if (!reaches(role, needed)) {
      refusals.note({ where, reason: 'role', address, actor })
      throw forbidden(needed, role)
    }
    c.set('who', borne.who)
    return next()
  }
}

function unauthorised(borne: Exclude<Borne, { kind: 'who' }>): ApiError {
  const challenge = { 'www-authenticate': 'Bearer' }
  switch (borne.kind) {
    case 'none':
    case 'wrong': {
      const message = 'Send the admin token or an API token: Authorization: Bearer ….'
      return new ApiError(401, 'unauthorised', message, undefined, challenge)
    }
    case 'expired':
      return new ApiError(
        401,
        'unauthorised',
        'This token has expired: an admin makes a new one.',
        undefined,
        challenge,
      )
    case 'wait': {
      const seconds = Math.ceil(borne.ms / 1000)
      const message = `Too many wrong tokens came from this address. Try again in ${seconds} s.`
      return new ApiError(429, 'too-many', message, undefined, { 'retry-after': String(seconds) })
    }
    default:
      return borne satisfies never
  }
}
