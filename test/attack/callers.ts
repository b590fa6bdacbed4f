import { randomBytes } from 'node:crypto'
import type { Role } from '../../src/auth/roles.ts'
import type { Db } from '../../src/store/db.ts'
import { createApiTokenStore } from '../../src/store/users/api-token-store.ts'
import { createSessionStore } from '../../src/store/users/session-store.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { digest, keyed } from './stored-hashes.ts'

/** A caller with a bearer token, with a session cookie, or with neither. */
export interface Caller {
  name: string
  headers: Record<string, string>
  /** The role of the token at the API, and of the session in the console; null: none. */
  api: Role | null
  console: Role | null
}

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']
const DAY_MS = 86_400_000
/** A hash that belongs to no password. Nobody signs in with a password here. */
const PASSWORD_HASH = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** Every kind of caller. Sessions are written to the store directly, without a sign-in. */
export async function createCallers(db: Db, adminToken: string): Promise<Caller[]> {
  const sessions = new Sessions(db, adminToken)
  const cookies = new Map<Role, string>()
  for (const role of ROLES) cookies.set(role, await sessions.ofNewUser(`u-${role}`, role))
  return [
    { name: 'nobody', headers: {}, api: null, console: null },
    ...(await tokenCallers(db, adminToken)),
    ...[...cookies].map(([role, cookie]) => browser(`a session of a ${role}`, cookie, role)),
    ...(await irregularSessions(db, sessions)),
    browser('an API token as a session', 'fnt_test-attack-admin', null),
    browser('the admin token as a session', adminToken, null),
    bearer('a session as a token', cookies.get('admin') ?? '', null),
  ]
}

function bearer(name: string, secret: string, api: Role | null): Caller {
  return { name, headers: { authorization: `Bearer ${secret}` }, api, console: null }
}

function browser(name: string, cookie: string, role: Role | null): Caller {
  return { name, headers: { cookie: `nurture_session=${cookie}` }, api: null, console: role }
}

async function tokenCallers(db: Db, adminToken: string): Promise<Caller[]> {
  const tokens = createApiTokenStore(db, Date.now)
  const add = async (id: string, role: Role, expiresAt: number | null) => {
    const secret = `fnt_test-attack-${id}`
    await tokens.add({ id: `tok_${id}`, name: id, role, hash: digest(secret), createdBy: 'test', expiresAt })
    return secret
  }
  const ofRoles: Caller[] = []
  for (const role of ROLES) ofRoles.push(bearer(`a token of a ${role}`, await add(role, role, null), role))
  const expired = await add('expired', 'admin', Date.now() - 1_000)
  const removed = await add('removed', 'admin', null)
  await tokens.remove('tok_removed')
  const basic = Buffer.from(`admin:${adminToken}`).toString('base64')
  return [
    bearer('a wrong token', 'fnt_test-attack-made-up', null),
    bearer('the admin token cut short', adminToken.slice(0, -1), null),
    { name: 'Basic', headers: { authorization: `Basic ${basic}` }, api: null, console: null },
    bearer('the admin token', adminToken, 'admin'),
    ...ofRoles,
    bearer('an expired token of an admin', expired, null),
    bearer('a removed token of an admin', removed, null),
  ]
}

/** Unusual sessions. */
async function irregularSessions(db: Db, sessions: Sessions): Promise<Caller[]> {
  const users = createUserStore(db, Date.now)
  const ofAdminToken = sessions.newCookie()
  await sessions.create(ofAdminToken, 'admin-token')
  const badMark = sessions.newCookie('test-other-token')
  await sessions.create(badMark, 'u-admin')
  const ended = await sessions.ofNewUser('u-ended', 'admin')
  await sessions.end(ended)
  // The store ends sessions together with their user. They are restored here, since the check must not rely on that alone.
  const removed = await sessions.ofNewUser('u-removed', 'admin')
  await users.remove('u-removed')
  await sessions.create(removed, 'u-removed')
  const disabled = await sessions.ofNewUser('u-disabled', 'admin')
  await users.change('u-disabled', { disabled: true })
  await sessions.create(disabled, 'u-disabled')
  const demoted = await sessions.ofNewUser('u-demoted', 'admin')
  await users.change('u-demoted', { role: 'viewer' })
  return [
    browser('a session of the admin token', ofAdminToken, 'admin'),
    browser('an unknown session', 'test-attack-session-made-up', null),
    browser('an unknown session with a valid mark', sessions.newCookie(), null),
    browser('a session with the mark of another token', badMark, null),
    browser('an empty session', '', null),
    browser('an expired session', await sessions.ofNewUser('u-over', 'admin', -1_000), null),
    browser('an ended session', ended, null),
    browser('a session of u-removed', removed, null),
    browser('a session of u-disabled', disabled, null),
    browser('a session of a former admin, now a viewer', demoted, 'viewer'),
  ]
}

/** Sessions in the store, and their cookies with the mark of a token. */
class Sessions {
  private readonly db: Db
  private readonly adminToken: string

  constructor(db: Db, adminToken: string) {
    this.db = db
    this.adminToken = adminToken
  }

  newCookie(markedBy = this.adminToken): string {
    const random = randomBytes(32).toString('base64url')
    return `${random}.${keyed(markedBy, `session ${random}`).slice(0, 32)}`
  }

  async create(cookie: string, user: string, lifetimeMs = DAY_MS): Promise<void> {
    await createSessionStore(this.db, Date.now).create(keyed(this.adminToken, cookie), user, lifetimeMs)
  }

  async end(cookie: string): Promise<void> {
    await createSessionStore(this.db, Date.now).end(keyed(this.adminToken, cookie))
  }

  /** Adds a user with a session. Returns the cookie. */
  async ofNewUser(name: string, role: Role, lifetimeMs = DAY_MS): Promise<string> {
    const cookie = this.newCookie()
    await createUserStore(this.db, Date.now).add({ name, role, passwordHash: PASSWORD_HASH })
    await this.create(cookie, name, lifetimeMs)
    return cookie
  }
}
