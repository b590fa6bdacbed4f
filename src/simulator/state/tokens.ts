import { randomBytes } from 'node:crypto'

const TOKEN_LIFETIME_MS = 7_200_000
const OVERLAP_MS = 5 * 60_000
const FORCE_REFRESH_INTERVAL_MS = 30_000
const FORCE_REFRESHES_PER_DAY = 20

interface Issued {
  value: string
  expiresAt: number
}

/** The part of an account's or a platform's tokens that the state file keeps. */
export interface SavedTokens {
  stable: Issued | null
  plain: Issued | null
  previous: Issued[]
  revoked: string[]
}

/** Access tokens of one simulated account or platform, by the rules of 获取稳定版接口调用凭据. */
export class SimTokens {
  /** The number of requests of each kind. */
  readonly requestCounts = { normal: 0, force: 0, plain: 0 }
  private stable: Issued | null = null
  private plain: Issued | null = null
  private previous: Issued[] = []
  private revoked = new Set<string>()
  private forced: number[] = []

  constructor(saved?: SavedTokens) {
    if (!saved) return
    this.stable = saved.stable
    this.plain = saved.plain
    this.previous = saved.previous
    this.revoked = new Set(saved.revoked)
  }

  saved(now: number): SavedTokens {
    const { stable, plain } = this
    return {
      stable,
      plain,
      previous: this.previous.filter((t) => t.expiresAt > now),
      revoked: [...this.revoked],
    }
  }

  stableToken(
    now: number,
    force: boolean,
  ): { access_token: string; expires_in: number } | { errcode: number } {
    this.requestCounts[force ? 'force' : 'normal'] += 1
    if (force) {
      this.forced = this.forced.filter((at) => now - at < 86_400_000)
      const last = this.forced.at(-1)
      if (this.forced.length >= FORCE_REFRESHES_PER_DAY) return { errcode: 45009 }
      if (last !== undefined && now - last < FORCE_REFRESH_INTERVAL_MS) return { errcode: 45011 }
      this.forced.push(now)
      if (this.stable) this.revoked.add(this.stable.value)
      this.stable = null
    }
    if (!this.stable || this.stable.expiresAt - now <= OVERLAP_MS) {
      if (this.stable)
        this.previous.push({ ...this.stable, expiresAt: Math.min(this.stable.expiresAt, now + OVERLAP_MS) })
      this.stable = issue(now)
    }
    return { access_token: this.stable.value, expires_in: Math.floor((this.stable.expiresAt - now) / 1000) }
  }

  plainToken(now: number): { access_token: string; expires_in: number } {
    this.requestCounts.plain += 1
    if (this.plain)
      this.previous.push({ ...this.plain, expiresAt: Math.min(this.plain.expiresAt, now + OVERLAP_MS) })
    this.plain = issue(now)
    return { access_token: this.plain.value, expires_in: TOKEN_LIFETIME_MS / 1000 }
  }

  /** 0, or WeChat's code. */
  check(value: string, now: number): 0 | 40001 | 40014 | 42001 {
    if (!value) return 40014
    if (this.revoked.has(value)) return 40001
    const found = [this.stable, this.plain, ...this.previous].find((t) => t?.value === value)
    if (!found) return 40001
    return found.expiresAt > now ? 0 : 42001
  }

  /** Expires every token issued so far: 42001. */
  expire(): void {
    for (const token of [this.stable, this.plain, ...this.previous]) if (token) token.expiresAt = 0
  }

  owns(value: string): boolean {
    return (
      this.revoked.has(value) || [this.stable, this.plain, ...this.previous].some((t) => t?.value === value)
    )
  }

  /**
   * Invalidates the stable token, as WeChat does when the secret is reset. `sticky`: a normal request still returns the invalid
   * token, so that only a forced refresh helps.
   */
  invalidate(sticky = false): void {
    if (!this.stable) return
    this.revoked.add(this.stable.value)
    if (!sticky) this.stable = null
  }
}

function issue(now: number): Issued {
  return { value: `test_${randomBytes(48).toString('base64url')}`, expiresAt: now + TOKEN_LIFETIME_MS }
}
