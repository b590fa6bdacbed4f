import { SealError, type Sealer } from '../../store/encryption/sealer.ts'
import { CHALLENGE_MS } from './browser-session.ts'
import { newTotpSecret, totpUri } from './totp.ts'

/** A TOTP secret on display, to be confirmed with its first code. */
export interface Enrolment {
  secret: string
  /** The content of the QR code. */
  uri: string
  /** The secret encrypted for this user and a short time: the form sends it back. */
  sealed: string
}

/** The plaintext of `sealed`. */
interface PendingEnrolment {
  name: string
  secret: string
  expiresAt: number
}

/** New TOTP secrets. Until the first code confirms one, it is kept only in the page that shows it. */
export class Enrolments {
  readonly #sealer: Sealer
  readonly #now: () => number

  constructor(sealer: Sealer, now: () => number) {
    this.#sealer = sealer
    this.#now = now
  }

  create(name: string): Enrolment {
    return this.#show(name, newTotpSecret())
  }

  /** The same secret again, after a wrong code; null when the form has expired. */
  reopen(name: string, sealed: string): Enrolment | null {
    const secret = this.secretOf(name, sealed)
    return secret === null ? null : this.#show(name, secret)
  }

  /** The secret that a form sends back; null when it has expired, or was not sealed for this user. */
  secretOf(name: string, sealed: string): string | null {
    try {
      // What opens was sealed by `#show`, and so has its shape.
      const pending = JSON.parse(this.#sealer.open(sealed)) as PendingEnrolment
      return pending.name === name && pending.expiresAt > this.#now() ? pending.secret : null
    } catch (err) {
      if (err instanceof SealError || err instanceof SyntaxError) return null
      throw err
    }
  }

  #show(name: string, secret: string): Enrolment {
    const pending: PendingEnrolment = { name, secret, expiresAt: this.#now() + CHALLENGE_MS }
    return { secret, uri: totpUri(secret, name), sealed: this.#sealer.seal(JSON.stringify(pending)) }
  }
}
