import { ADMIN_TOKEN_ACTOR } from './actors.ts'
import type { Role } from './roles.ts'

/** An authenticated caller. `actor` is a user name, the id of a token or `admin-token`; the audit log has it too. */
export interface Principal {
  actor: string
  role: Role
  /** What the user of a browser prefers in the console; null: as the browser says. */
  preferences?: { language: string | null; theme: string | null }
}

declare module 'hono' {
  interface ContextVariableMap {
    /** Set after authentication. */
    principal: Principal
  }
}

/** The prefix of ids of API tokens. User names cannot have it, so the audit log is unambiguous. */
export const TOKEN_ID_PREFIX = 'tok_'
/** The actor of a change that a command makes directly in the store. */
export const COMMAND_LINE_ACTOR = 'command-line'
const RESERVED = new Set([ADMIN_TOKEN_ACTOR, COMMAND_LINE_ACTOR])
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u

/** The canonical spelling of a user name: `Lin` and `lin` are the same user. */
export const normalizeUserName = (typed: string): string => typed.normalize('NFKC').trim().toLowerCase()

/** Why a user cannot have this name; null if it is valid. */
export function userNameProblem(name: string): string | null {
  if (!NAME.test(name)) return 'must be 1 to 64 letters, digits, . _ @ or -, and begin with a letter or digit'
  if (RESERVED.has(name) || name.startsWith(TOKEN_ID_PREFIX))
    return `is reserved for the audit log: ${[...RESERVED].join(', ')}, ${TOKEN_ID_PREFIX}…`
  return null
}
