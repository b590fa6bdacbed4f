import type { Log } from '../log.ts'
import type { SessionStore } from '../store/sessions.ts'
import type { UserStore } from '../store/users.ts'
import { cutText } from '../text.ts'
import { createLimiter } from './limiter.ts'
import { BusyError, type Passwords } from './password.ts'
import { keyedHash, newSecret, sameText } from './secret-text.ts'
import { ADMIN_TOKEN_ACTOR, nameKey, type Who } from './who.ts'

export type SignedIn =
  /** `cookie`: what the browser keeps. */
  | { kind: 'in'; cookie: string; who: Who }
  | { kind: 'wrong' }
  /** Too many tries; there is one again in so many ms. */
  | { kind: 'wait'; ms: number }

export interface SignIn {
  withPassword(given: { name: string; password: string; address: string | null }): Promise<SignedIn>
  withToken(given: { token: string; address: string | null }): Promise<SignedIn>
  /** Who a cookie belongs to, as of now: disabling and another role count at once. */
  whose(cookie: string | undefined): Promise<Who | null>
  signOut(cookie: string | undefined): Promise<void>
}

const SESSION_MS = 12 * 3_600_000
/** Of one address: ten tries, then one in ten seconds. */
const ADDRESS = { burst: 10, everyMs: 10_000 }
/** For one name, from anywhere: twenty, then one in half a minute. Others' tries must not shut the person out for long. */
const NAME = { burst: 20, everyMs: 30_000 }
const NAME_MAX = 64
const BUSY_MS = 2_000

/** Sign-in of browsers, with a name and password or with the admin token, and their sessions. */
export function createSignIn(deps: {
  adminToken: string
  users: Pick<UserStore, 'find'>
  sessions: SessionStore
  passwords: Passwords
  now: () => number
  log: Log
}): SignIn {
  const { adminToken, users, sessions, passwords, now, log } = deps
  const addresses = createLimiter({ ...ADDRESS, now })
  const names = createLimiter({ ...NAME, now })
  // Under a key of the admin token: with another token every session is over.
  const hashOf = (cookie: string) => keyedHash(adminToken, cookie)

  /** Counts a try for each key before it is made, so that many at once are counted too. */
  const guarded = async (
    given: { address: string | null; name?: string },
    attempt: () => Promise<SignedIn>,
  ): Promise<SignedIn> => {
    const keys = [
      ...(given.address === null ? [] : [[addresses, given.address] as const]),
      ...(given.name === undefined ? [] : [[names, given.name] as const]),
    ]
    const giveBack = () => {
      for (const [limiter, key] of keys) limiter.giveBack(key)
    }
    const ms = Math.max(0, ...keys.map(([limiter, key]) => limiter.waitMs(key)))
    if (ms > 0) return { kind: 'wait', ms }
    for (const [limiter, key] of keys) limiter.take(key)
    const answer = await attempt().catch((err): SignedIn => {
      giveBack()
      if (err instanceof BusyError) return { kind: 'wait', ms: BUSY_MS }
      throw err
    })
    if (answer.kind === 'in') giveBack()
    if (answer.kind === 'wrong') log.warn({ address: given.address }, 'sign-in refused')
    return answer
  }

  return {
    withPassword({ name: given, password, address }) {
      const name = cutText(nameKey(given), NAME_MAX)
      return guarded({ address, name }, async () => {
        const found = await users.find(name)
        const user = found?.disabledAt === null ? found : null
        const right = await passwords.verify(password, user?.passwordHash ?? null)
        if (!right || !user) return { kind: 'wrong' }
        const cookie = newSecret()
        if (!(await sessions.beginOf(user, hashOf(cookie), SESSION_MS))) return { kind: 'wrong' }
        return { kind: 'in', cookie, who: { actor: user.name, role: user.role } }
      })
    },
    withToken({ token, address }) {
      return guarded({ address }, async () => {
        if (!sameText(token, adminToken)) return { kind: 'wrong' }
        const cookie = newSecret()
        await sessions.begin(hashOf(cookie), ADMIN_TOKEN_ACTOR, SESSION_MS)
        return { kind: 'in', cookie, who: { actor: ADMIN_TOKEN_ACTOR, role: 'admin' } }
      })
    },
    async whose(cookie) {
      if (!cookie) return null
      const found = await sessions.find(hashOf(cookie))
      if (!found) return null
      if (found.userName === ADMIN_TOKEN_ACTOR) return { actor: ADMIN_TOKEN_ACTOR, role: 'admin' }
      if (found.user?.disabledAt !== null) return null
      return { actor: found.user.name, role: found.user.role }
    },
    async signOut(cookie) {
      if (cookie) await sessions.end(hashOf(cookie))
    },
  }
}
