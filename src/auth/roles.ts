/** Roles of users and tokens. Each role includes the ones before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Whether `role` includes `needed`. */
export const hasRole = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

const READ_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Users, tokens, the audit log and the encryption key. */
const ADMIN_PATHS = /^\/api\/(users|tokens|audit|keys)(\/|$)/
/** Adding an account needs its secrets; removing it removes its followers. */
const ACCOUNT_PATHS = /^\/api\/accounts(\/[^/]+)?$/
/** Starts runs in another Temporal namespace. */
const TEMPORAL_ACCEPT = '/api/temporal/accept'
/** Addresses that personal data is sent to, and secrets that other systems sign with. A webhook itself is repeated by operators. */
const ENDPOINT_PATHS = /^\/api\/(webhooks|hooks)(\/[^/]+(\/secret)?)?$/
const ADMIN_ACCOUNT_METHODS = new Set(['POST', 'PUT', 'DELETE'])

/**
 * The role that an API call needs. Reading needs a viewer, changing an operator, and the calls named here an admin. So a new
 * route is never open by accident.
 * @param path with values, or with OpenAPI's `{names}`
 */
export function requiredRole(method: string, path: string): Role {
  const verb = method.toUpperCase()
  if (ADMIN_PATHS.test(path) || path === TEMPORAL_ACCEPT) return 'admin'
  if (ACCOUNT_PATHS.test(path) && ADMIN_ACCOUNT_METHODS.has(verb)) return 'admin'
  if (ENDPOINT_PATHS.test(path) && !READ_METHODS.has(verb)) return 'admin'
  return READ_METHODS.has(verb) ? 'viewer' : 'operator'
}

/** Fields of an account that an operator may change. All others need an admin: secrets, and the addresses they are sent to. */
const OPERATOR_FIELDS = new Set([
  'state',
  'name',
  'variables',
  'timezone',
  'humanAgents',
  'optOut',
  'cap',
  'quietHours',
])

/** The role that a change of these account fields needs. */
export function requiredRoleForAccountFields(fields: readonly string[]): Role {
  return fields.every((f) => OPERATOR_FIELDS.has(f)) ? 'operator' : 'admin'
}

/** The role that an export of many openIds at once needs. Viewers see them page by page. */
export const OPEN_IDS_ROLE: Role = 'operator'
