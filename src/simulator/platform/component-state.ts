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
  /** 消息与事件接收URL, with `$APPID$` in place of the account's appId. */
  callbackUrl: string
  /** 登录授权发起页域名: the required host of `redirect_uri`. Absent: any host. */
  redirectHost?: string
  /** `api_authorizer_token` issues a new refresh token each time, and the previous one becomes invalid. */
  rotatesRefreshTokens?: boolean
  /** The pushed `AuthorizationCode` differs from the page's `auth_code`. By default they are the same, valid once. */
  separateCodes?: boolean
  /** Interval between ticket pushes, ms; WeChat's is 600 000. Absent: only on demand. */
  ticketEveryMs?: number
  /** The authorisation page lists only these accounts (appIds). Absent: every account. */
  offers?: string[]
}

/** The authorisation that one account has given. */
export interface Authorisation {
  appId: string
  /** Permission sets (权限集), `funcscope_category.id`. */
  funcs: number[]
  /** null: WeChat has lost it, and only a new authorisation helps. */
  refreshToken: string | null
  preAuthCode: string
  authorisedAt: number
  tokens: SimTokens
  /** The access tokens that `custom/send` was called with. */
  sendTokens: string[]
}

/** The part of a platform that the state file keeps. */
export interface SavedComponent {
  /** Only of a platform made by the control API; the others pass theirs to `addComponent`. */
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
  /** The access token that `api_query_auth` returned for this code; null: the code is unused. */
  accessToken: string | null
}

/** Every permission set that an official account can grant: message management (1), users (2) and others. */
export const ALL_FUNCS = [1, 2, 3, 4, 6, 7, 11, 15]
/** `custom/send` needs one of these sets. Source: custom/send, 第三方调用, 权限集. */
const MESSAGE_FUNCS = [1, 6, 19, 100, 101]
const CODE_LIFETIME_MS = 600_000
const TICKET_LIFETIME_MS = 12 * 3_600_000

/** WeChat's data about a platform: tickets, tokens, codes, authorisations. `now` is real time, epoch ms. */
export class ComponentState {
  readonly options: ComponentOptions
  aesKey: string
  ipWhitelisted = true
  /** Made by the control API, not by a program. The state file keeps its options. */
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

  /** The data to save, without expired tickets and codes. */
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

  /** 0, or WeChat's code: 61006 for a ticket that was never pushed, 61005 for one older than 12 h. */
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

  /** A pre-auth code opens the page for 10 minutes, until an owner has agreed. */
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

  /** The access token that this code was exchanged for; null: not exchanged yet. */
  tokenOfCode(code: string): string | null {
    return this.codes.get(code)?.accessToken ?? null
  }

  /**
   * Records that an account agrees, for the first time or again. It always gets a new refresh token.
   * @returns the change that WeChat pushes; null when the account had granted the same sets before
   */
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

  /** Returns false when the account has granted the same sets already. */
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

  /** `api_query_auth`: a code is valid once, for 10 minutes. 61009: never issued; 61010: expired or used. */
  takeCode(code: string, now: number): Authorisation | 61003 | 61009 | 61010 {
    const found = this.codes.get(code)
    if (!found) return 61009
    if (found.accessToken !== null || found.expiresAt <= now) return 61010
    const authorisation = this.authorisations.get(found.appId)
    if (!authorisation) return 61003
    found.accessToken = authorisation.tokens.plainToken(now).access_token
    return authorisation
  }

  /** `api_authorizer_token`: 61003 without an authorisation, 61023 for a refresh token that is not the account's. */
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

/** Whether a platform may send messages for the account: WeChat requires one of the message permission sets. */
export function maySend(authorisation: Authorisation): boolean {
  return authorisation.funcs.some((id) => MESSAGE_FUNCS.includes(id))
}

/** The authorisation that an authoriser access token belongs to, also after a withdrawal; null: no authorisation. */
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
