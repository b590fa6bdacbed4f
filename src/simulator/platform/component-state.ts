import { randomBytes } from 'node:crypto'
import { type SavedTokens, SimTokens } from '../state/tokens.ts'

/** A third-party platform (第三方平台) as it is registered with the simulated WeChat. */
export interface ComponentOptions {
  appId: string
  appSecret: string
  token: string
  aesKey: string
  /** 授权事件接收URL: tickets and changes of authorisations are pushed here. */
  authorisationUrl: string
  /** 消息与事件接收URL, with `$APPID$` for the account's appId. */
  callbackUrl: string
  /** 登录授权发起页域名: `redirect_uri` must be there. Absent: anywhere. */
  redirectHost?: string
  /** `api_authorizer_token` gives a new refresh token each time, and the one before is invalid. */
  rotatesRefreshTokens?: boolean
  /** The pushed `AuthorizationCode` is another than the page's `auth_code`; by default it is the same one, good once. */
  separateCodes?: boolean
  /** Pushes a ticket so often, ms; WeChat does every 600 000. Absent: only on demand. */
  ticketEveryMs?: number
  /** Only the owners of these come to the authorisation page; absent: every account's. */
  offers?: string[]
}

/** One account's consent. */
export interface Authorisation {
  appId: string
  /** Permission sets (权限集), `funcscope_category.id`. */
  funcs: number[]
  /** null: WeChat has lost it, only a new authorisation helps. */
  refreshToken: string | null
  preAuthCode: string
  authorisedAt: number
  tokens: SimTokens
  /** Access tokens that `custom/send` was called with. */
  sendTokens: string[]
}

/** What of a platform outlives the simulator. */
export interface SavedComponent {
  /** Of one that was made by the control API; else they come with `addComponent`. */
  options?: ComponentOptions
  tokens: SavedTokens
  authorisations: SavedAuthorisation[]
  revoked: SavedAuthorisation[]
  tickets: Expiring[]
  preAuthCodes: Expiring[]
  codes: [string, AuthCode][]
}
type SavedAuthorisation = Omit<Authorisation, 'tokens' | 'sendTokens'> & { tokens: SavedTokens }
interface Expiring {
  value: string
  expiresAt: number
}

interface AuthCode {
  appId: string
  expiresAt: number
  /** What `api_query_auth` gave for it; null: not used yet. */
  accessToken: string | null
}

/** Every permission set that an official account can give: message management (1), users (2), … */
export const ALL_FUNCS = [1, 2, 3, 4, 6, 7, 11, 15]
/** The sets that `custom/send` needs one of. Source: custom/send, 第三方调用, 权限集. */
const MESSAGE_FUNCS = [1, 6, 19, 100, 101]
const CODE_LIFETIME_MS = 600_000
const TICKET_LIFETIME_MS = 12 * 3_600_000

/** What WeChat knows of a platform: tickets, tokens, codes, authorisations. `now` is real time, epoch ms. */
export class ComponentState {
  readonly options: ComponentOptions
  aesKey: string
  ipWhitelisted = true
  /** Made by the control API, not by a program: its options outlive the simulator. */
  isPersisted = false
  readonly tokens: SimTokens
  readonly requestCounts = { component: 0, preAuthCode: 0, queryAuth: 0, authoriser: 0, list: 0, info: 0 }
  readonly authorisations = new Map<string, Authorisation>()
  revoked: Authorisation[] = []
  private tickets: Expiring[] = []
  private preAuthCodes = new Map<string, number>()
  private codes = new Map<string, AuthCode>()

  constructor(options: ComponentOptions, saved?: SavedComponent) {
    this.options = options
    this.aesKey = options.aesKey
    this.tokens = new SimTokens(saved?.tokens)
    if (!saved) return
    for (const authorisation of saved.authorisations)
      this.authorisations.set(authorisation.appId, restore(authorisation))
    this.revoked = saved.revoked.map(restore)
    this.tickets = saved.tickets
    this.preAuthCodes = new Map(saved.preAuthCodes.map((c) => [c.value, c.expiresAt]))
    this.codes = new Map(saved.codes)
  }

  /** What is over is left out. */
  saved(now: number): SavedComponent {
    const keep = ({ sendTokens: _, tokens, ...authorisation }: Authorisation) => ({
      ...authorisation,
      tokens: tokens.saved(now),
    })
    return {
      ...(this.isPersisted ? { options: { ...this.options, aesKey: this.aesKey } } : {}),
      tokens: this.tokens.saved(now),
      authorisations: [...this.authorisations.values()].map(keep),
      revoked: this.revoked.map(keep),
      tickets: this.tickets.filter((t) => t.expiresAt > now),
      preAuthCodes: [...this.preAuthCodes]
        .map(([value, expiresAt]) => ({ value, expiresAt }))
        .filter((c) => c.expiresAt > now),
      codes: [...this.codes].filter(([, c]) => c.expiresAt > now),
    }
  }

  newTicket(now: number): string {
    const value = `ticket@@@${random()}`
    this.tickets.push({ value, expiresAt: now + TICKET_LIFETIME_MS })
    return value
  }

  /** 0, or WeChat's code: 61006 for a ticket that it never pushed, 61005 for one older than 12 h. */
  checkTicket(value: unknown, now: number): 0 | 61005 | 61006 {
    const found = this.tickets.find((t) => t.value === value)
    if (!found) return 61006
    return found.expiresAt > now ? 0 : 61005
  }

  expireTickets(): void {
    for (const ticket of this.tickets) ticket.expiresAt = 0
  }

  newPreAuthCode(now: number): { pre_auth_code: string; expires_in: number } {
    const value = `preauthcode@@@${random()}`
    this.preAuthCodes.set(value, now + CODE_LIFETIME_MS)
    return { pre_auth_code: value, expires_in: CODE_LIFETIME_MS / 1000 }
  }

  /** A pre-auth code opens the page for 10 minutes, until somebody has agreed. */
  isValidPreAuthCode(preAuthCode: string, now: number): boolean {
    return (this.preAuthCodes.get(preAuthCode) ?? 0) > now
  }

  spendPreAuthCode(preAuthCode: string): void {
    this.preAuthCodes.delete(preAuthCode)
  }

  newCode(appId: string, now: number): string {
    const value = `queryauthcode@@@${random()}`
    this.codes.set(value, { appId, expiresAt: now + CODE_LIFETIME_MS, accessToken: null })
    return value
  }

  codeExpiresAt(code: string): number {
    return this.codes.get(code)?.expiresAt ?? 0
  }

  /** The access token that this code was exchanged for; null before. */
  tokenOfCode(code: string): string | null {
    return this.codes.get(code)?.accessToken ?? null
  }

  /** An account agrees, perhaps again: a new refresh token in any case. Tells what WeChat pushes of it, if anything. */
  authorise(appId: string, funcs: number[], preAuthCode: string, now: number): AuthChange | null {
    const before = this.authorisations.get(appId)
    this.revoked = this.revoked.filter((a) => a.appId !== appId)
    this.authorisations.set(appId, {
      appId,
      funcs,
      refreshToken: `refreshtoken@@@${random()}`,
      preAuthCode,
      authorisedAt: now,
      tokens: before?.tokens ?? new SimTokens(),
      sendTokens: before?.sendTokens ?? [],
    })
    if (!before) return 'authorized'
    return sameSets(before.funcs, funcs) ? null : 'updateauthorized'
  }

  /** False when the sets are those that the account gave before. */
  changeFuncs(authorisation: Authorisation, funcs: number[]): boolean {
    if (sameSets(authorisation.funcs, funcs)) return false
    authorisation.funcs = funcs
    return true
  }

  revoke(appId: string): void {
    const found = this.authorisations.get(appId)
    if (found) this.revoked.push(found)
    this.authorisations.delete(appId)
  }

  /** `api_query_auth`: a code is good once, for 10 minutes. 61009: never issued; 61010: expired or used. */
  takeCode(code: string, now: number): Authorisation | 61003 | 61009 | 61010 {
    const found = this.codes.get(code)
    if (!found) return 61009
    if (found.accessToken !== null || found.expiresAt <= now) return 61010
    const authorisation = this.authorisations.get(found.appId)
    if (!authorisation) return 61003
    found.accessToken = authorisation.tokens.plainToken(now).access_token
    return authorisation
  }

  /** `api_authorizer_token`: 61003 without consent, 61023 for a refresh token that is not the account's. */
  refresh(appId: string, refreshToken: unknown): Authorisation | 61003 | 61023 {
    const found = this.authorisations.get(appId)
    if (!found) return 61003
    if (found.refreshToken === null || found.refreshToken !== refreshToken) return 61023
    if (this.options.rotatesRefreshTokens) this.replaceRefreshToken(found)
    return found
  }

  replaceRefreshToken(authorisation: Authorisation): void {
    authorisation.refreshToken = `refreshtoken@@@${random()}`
  }
}

export type AuthChange = 'authorized' | 'updateauthorized'

/** WeChat lets a platform send for an account only with one of the message sets. */
export function maySend(authorisation: Authorisation): boolean {
  return authorisation.funcs.some((id) => MESSAGE_FUNCS.includes(id))
}

/** Whose authoriser access token this is, also of an account that has withdrawn; null: nobody's. */
export function authoriserOf(
  components: Iterable<ComponentState>,
  token: string,
): { authorisation: Authorisation; withdrawn: boolean } | null {
  for (const component of components) {
    for (const authorisation of component.authorisations.values())
      if (authorisation.tokens.owns(token)) return { authorisation, withdrawn: false }
    const withdrawn = component.revoked.find((a) => a.tokens.owns(token))
    if (withdrawn) return { authorisation: withdrawn, withdrawn: true }
  }
  return null
}

function restore(saved: SavedAuthorisation): Authorisation {
  return { ...saved, tokens: new SimTokens(saved.tokens), sendTokens: [] }
}

function sameSets(a: number[], b: number[]): boolean {
  return new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === new Set(b).size
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
