import type { Role } from './roles.ts'

/** Who asks: a person by name, a token by its id, or the holder of ADMIN_TOKEN. Stands so in the audit log. */
export interface Principal {
  actor: string
  role: Role
}

declare module 'hono' {
  interface ContextVariableMap {
    /** Set once a request has shown who asks. */
    principal: Principal
  }
}

export const ADMIN_TOKEN_ACTOR = 'admin-token'
/** How ids of API tokens begin; no person has such a name, so that the audit log is plain. */
export const TOKEN_ID_PREFIX = 'tok_'
/** The one who made a change in the store itself, from the command line. */
export const COMMAND_LINE_ACTOR = 'command-line'
const RESERVED = new Set([ADMIN_TOKEN_ACTOR, COMMAND_LINE_ACTOR])
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u

/** One spelling of a name: `Lin` and `lin` are one person. */
export const normalizeUserName = (given: string): string => given.normalize('NFKC').trim().toLowerCase()

/** Why a person cannot have this name; null when it is good. */
export function userNameProblem(name: string): string | null {
  if (!NAME.test(name)) return 'must be 1 to 64 letters, digits, . _ @ or -, beginning with a letter or digit'
  if (RESERVED.has(name) || name.startsWith(TOKEN_ID_PREFIX))
    return `is kept for the audit log: ${[...RESERVED].join(', ')}, ${TOKEN_ID_PREFIX}…`
  return null
}
