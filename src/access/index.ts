import type { Log } from '../log.ts'
import { createApiTokenStore } from '../store/api-tokens.ts'
import type { Db } from '../store/db.ts'
import { createSessionStore } from '../store/sessions.ts'
import { createUserStore } from '../store/users.ts'
import { createReadBearer } from './bearer.ts'
import { createClientReader } from './client.ts'
import { createPasswords } from './password.ts'
import { createSignIn } from './sign-in.ts'

export type Access = ReturnType<typeof createAccess>

/** Who may do what: people with passwords, tokens of scripts, and whoever has ADMIN_TOKEN. */
export function createAccess(deps: {
  db: Db
  adminToken: string
  now: () => number
  log: Log
  publicUrl?: string | undefined
  trustedProxies?: readonly string[] | undefined
}) {
  const { db, adminToken, now, log, publicUrl, trustedProxies } = deps
  const users = createUserStore(db, now)
  const tokens = createApiTokenStore(db, now)
  const passwords = createPasswords()
  return {
    users,
    tokens,
    passwords,
    readBearer: createReadBearer({ adminToken, tokens, now, log }),
    signIn: createSignIn({ adminToken, users, sessions: createSessionStore(db, now), passwords, now, log }),
    client: createClientReader({ publicUrl, ...(trustedProxies ? { trustedProxies } : {}) }),
    publicUrl: publicUrl ?? null,
  }
}
