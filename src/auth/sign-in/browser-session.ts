import type { Db } from '../../store/db.ts'
import { writeAudit } from '../../store/users/audit-log.ts'
import { createSessionStore } from '../../store/users/session-store.ts'
import { keyedHash } from '../secrets/secret-hash.ts'
import { createSignedTokens, type SignedTokens } from '../secrets/signed-token.ts'
import type { KnownLocations } from './known-locations.ts'

const SESSION_MS = 12 * 3_600_000
/** Time between the password and the second factor: long enough to set up an authenticator app. */
export const CHALLENGE_MS = 10 * 60_000

/** The key of the store's row for a cookie. It depends on the admin token: a new token ends every session. */
export const cookieHash = (adminToken: string, cookie: string): string => keyedHash(adminToken, cookie)

/** Cookies of signed-in browsers. */
export const sessionTokens = (adminToken: string): SignedTokens => createSignedTokens(adminToken, 'session')

/** Cookies of browsers between the password and the second factor. */
export const challengeTokens = (adminToken: string): SignedTokens =>
  createSignedTokens(adminToken, 'challenge')

/** Begins a session, writes it to the audit log and remembers the location. Runs in the caller's transaction. */
export async function beginSession(
  tx: Db,
  {
    adminToken,
    knownLocations,
    now,
  }: { adminToken: string; knownLocations: KnownLocations; now: () => number },
  session: { name: string; cookie: string; address: string | null; details?: Record<string, unknown> },
): Promise<void> {
  const { name, cookie, address, details } = session
  await createSessionStore(tx, now).create(cookieHash(adminToken, cookie), name, SESSION_MS)
  await knownLocations.record(tx, name, address)
  await writeAudit(tx, { actor: name, action: 'session.begin', target: name, details, at: now() })
}
