import { randomBytes } from 'node:crypto'

const LIFE_MS = 7_200_000
const OVERLAP_MS = 5 * 60_000
const FORCE_EVERY_MS = 30_000
const FORCE_A_DAY = 20

interface Issued {
  value: string
  expiresAt: number
}

/** What of an account's or a platform's tokens outlives the simulator. */
export interface KeptTokens {
  stable: Issued | null
  plain: Issued | null
  older: Issued[]
  revoked: string[]
}

/** Access tokens of one simulated account, as 获取稳定版接口调用凭据 describes them. */
export class SimTokens {
  /** How often each kind was asked for. */
  readonly asked = { normal: 0, force: 0, plain: 0 }
  private stable: Issued | null = null
  private plain: Issued | null = null
  private older: Issued[] = []
  private revoked = new Set<string>()
  private forced: number[] = []

  constructor(kept?: KeptTokens) {
    if (!kept) return
    this.stable = kept.stable
    this.plain = kept.plain
    this.older = kept.older
    this.revoked = new Set(kept.revoked)
  }

  kept(now: number): KeptTokens {
    const { stable, plain } = this
    return { stable, plain, older: this.older.filter((t) => t.expiresAt > now), revoked: [...this.revoked] }
  }

  stableToken(
    now: number,
    force: boolean,
  ): { access_token: string; expires_in: number } | { errcode: number } {
    this.asked[force ? 'force' : 'normal'] += 1
    if (force) {
      this.forced = this.forced.filter((at) => now - at < 86_400_000)
      const last = this.forced.at(-1)
      if (this.forced.length >= FORCE_A_DAY) return { errcode: 45009 }
      if (last !== undefined && now - last < FORCE_EVERY_MS) return { errcode: 45011 }
      this.forced.push(now)
      if (this.stable) this.revoked.add(this.stable.value)
      this.stable = null
    }
    if (!this.stable || this.stable.expiresAt - now <= OVERLAP_MS) {
      if (this.stable)
        this.older.push({ ...this.stable, expiresAt: Math.min(this.stable.expiresAt, now + OVERLAP_MS) })
      this.stable = issue(now)
    }
    return { access_token: this.stable.value, expires_in: Math.floor((this.stable.expiresAt - now) / 1000) }
  }

  plainToken(now: number): { access_token: string; expires_in: number } {
    this.asked.plain += 1
    if (this.plain)
      this.older.push({ ...this.plain, expiresAt: Math.min(this.plain.expiresAt, now + OVERLAP_MS) })
    this.plain = issue(now)
    return { access_token: this.plain.value, expires_in: LIFE_MS / 1000 }
  }

  /** 0, or the code that WeChat answers. */
  check(value: string, now: number): 0 | 40001 | 40014 | 42001 {
    if (!value) return 40014
    if (this.revoked.has(value)) return 40001
    const found = [this.stable, this.plain, ...this.older].find((t) => t?.value === value)
    if (!found) return 40001
    return found.expiresAt > now ? 0 : 42001
  }

  /** Every token given out so far is over: 42001. */
  expire(): void {
    for (const token of [this.stable, this.plain, ...this.older]) if (token) token.expiresAt = 0
  }

  owns(value: string): boolean {
    return this.revoked.has(value) || [this.stable, this.plain, ...this.older].some((t) => t?.value === value)
  }

  /**
   * What happens when a secret is reset, or WeChat drops a token. `sticky`: a normal call still gives the dead token, so
   * that only a forced refresh helps.
   */
  invalidate(sticky = false): void {
    if (!this.stable) return
    this.revoked.add(this.stable.value)
    if (!sticky) this.stable = null
  }
}

function issue(now: number): Issued {
  return { value: `test_${randomBytes(48).toString('base64url')}`, expiresAt: now + LIFE_MS }
}
