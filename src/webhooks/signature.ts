import { createHmac, timingSafeEqual } from 'node:crypto'
import { MINUTE_MS } from '../shared/time-units.ts'

/** The header of a signed request, of webhooks and of requests to hooks: `t=SECONDS,v1=HEX`, with one `v1` for each valid secret. */
export const SIGNATURE_HEADER = 'Nurture-Signature'
/** A signature is accepted if its time differs from this machine's clock by at most this. */
export const SIGNATURE_TOLERANCE_MS = 5 * MINUTE_MS
/** More than a sender needs: one for each of its secrets. */
const MAX_SIGNATURES = 4
const MAX_HEADER_CHARS = 500

/** HMAC-SHA256 of `t.body`, in hexadecimal. @param t Unix time, s */
function signatureOf(secret: string, t: number, body: string | Uint8Array): string {
  return createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')
}

/** The header's value for a body. @param now epoch ms */
export function signBody(secrets: readonly string[], body: string | Uint8Array, now: number): string {
  const t = Math.floor(now / 1000)
  return [`t=${t}`, ...secrets.map((secret) => `v1=${signatureOf(secret, t, body)}`)].join(',')
}

/** A header of the right form and time. Its signatures are not checked yet. */
export interface SignatureClaim {
  t: number
  signatures: readonly string[]
}

/** Reads the header before the body is read. @param now epoch ms. @returns null if the form or the time is wrong */
export function readSignature(header: string | undefined, now: number): SignatureClaim | null {
  if (header === undefined || header.length > MAX_HEADER_CHARS) return null
  const parts = header.split(',').map((part) => part.trim())
  const times = parts.flatMap((part) => /^t=(\d{1,12})$/.exec(part)?.[1] ?? [])
  const signatures = parts.flatMap((part) => /^v1=([0-9a-f]{64})$/.exec(part)?.[1] ?? [])
  const [time] = times
  if (times.length !== 1 || time === undefined) return null
  if (signatures.length === 0 || signatures.length > MAX_SIGNATURES) return null
  const t = Number(time)
  return Math.abs(t * 1000 - now) <= SIGNATURE_TOLERANCE_MS ? { t, signatures } : null
}

/** Whether one of the signatures is by one of the secrets. The time does not depend on which. */
export function isSignedBy(
  secrets: readonly string[],
  { t, signatures }: SignatureClaim,
  body: Uint8Array,
): boolean {
  let isSigned = false
  for (const secret of secrets) {
    const expected = Buffer.from(signatureOf(secret, t, body))
    // Both have 64 characters.
    for (const given of signatures) if (timingSafeEqual(expected, Buffer.from(given))) isSigned = true
  }
  return isSigned
}
