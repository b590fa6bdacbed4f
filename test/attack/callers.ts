import { randomBytes } from 'node:crypto'
import type { Role } from '../../src/auth/roles.ts'
import type { Db } from '../../src/store/db.ts'
import { createApiTokenStore } from '../../src/store/users/api-token-store.ts'
import { createSessionStore } from '../../src/store/users/session-store.ts'
import { createUserStore } from '../../src/store/users/user-store.ts'
import { digest, keyed } from './stored-hashes.ts'

/** Somebody who asks: with a bearer token, with a console's cookie, or with nothing. */
export interface Caller {
  name: string
  headers: Record<string, string>
  /** What a token may do at the API, and what a session may do in the console; null: nothing. */
  api: Role | null
  console: Role | null
}

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']
const DAY_MS = 86_400_000
/** Of no password: nobody signs in by one here. */
const PASSWORD_HASH = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** Every kind of caller. The store is written to directly, so that no sign-in is needed. */
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

/** Sessions that are not simply those of a user who is signed in. */
async function irregularSessions(db: Db, sessions: Sessions): Promise<Caller[]> {
  const users = createUserStore(db, Date.now)
  const ofAdminToken = sessions.newCookie()
  await sessions.create(ofAdminToken, 'admin-token')
  const badMark = sessions.newCookie('test-other-token')
  await sessions.create(badMark, 'u-admin')
  const ended = await sessions.ofNewUser('u-ended', 'admin')
  await sessions.end(ended)
  // What the store itself ends with the person is put back: a session must not outlive who it belongs to.
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
    browser('a made-up session', 'test-attack-session-made-up', null),
    browser('a made-up session with a good mark', sessions.newCookie(), null),
    browser('a session with the mark of another token', badMark, null),
    browser('an empty session', '', null),
    browser('a session that is over', await sessions.ofNewUser('u-over', 'admin', -1_000), null),
    browser('a session that was ended', ended, null),
    browser('a session of u-removed', removed, null),
    browser('a session of u-disabled', disabled, null),
    browser('a session of an admin who is a viewer now', demoted, 'viewer'),
  ]
}

/** The store's sessions, with cookies that carry the mark of a token. */
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

  /** Adds a user with a session; returns its cookie. */
  async ofNewUser(name: string, role: Role, lifetimeMs = DAY_MS): Promise<string> {
    const cookie = this.newCookie()
    await createUserStore(this.db, Date.now).add({ name, role, passwordHash: PASSWORD_HASH })
    await this.create(cookie, name, lifetimeMs)
    return cookie
  }
}
