/** What a person or a token may do; each role may all that the one before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Whether somebody of this role may do what needs that one. */
export const hasRole = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

const READ_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Who may do what, who did what, and the key that all secrets are sealed with. */
const ADMIN_PATHS = /^\/api\/(users|tokens|audit|keys)(\/|$)/
/** An account comes with its secrets, and goes with its followers. */
const ACCOUNT_PATHS = /^\/api\/accounts(\/[^/]+)?$/
/** Starts runs again in another Temporal. */
const TEMPORAL_ACCEPT = '/api/temporal/accept'
const ADMIN_ACCOUNT_METHODS = new Set(['POST', 'PUT', 'DELETE'])

/**
 * The role that a call of the API needs; `path` with its values or with OpenAPI's `{names}`. A new route is not open by
 * mistake: what reads needs a viewer, what changes an operator, and what is named here an admin.
 */
export function requiredRole(method: string, path: string): Role {
  const verb = method.toUpperCase()
  if (ADMIN_PATHS.test(path) || path === TEMPORAL_ACCEPT) return 'admin'
  if (ACCOUNT_PATHS.test(path) && ADMIN_ACCOUNT_METHODS.has(verb)) return 'admin'
  return READ_METHODS.has(verb) ? 'viewer' : 'operator'
}

/** What an operator may change of an account. A field that is not here needs an admin: secrets, and where they go. */
const OPERATOR_FIELDS = new Set(['state', 'name', 'variables', 'timezone', 'humanAgents'])

/** The role that a change of these fields of an account needs. */
export function requiredRoleForAccountFields(fields: readonly string[]): Role {
  return fields.every((f) => OPERATOR_FIELDS.has(f)) ? 'operator' : 'admin'
}
