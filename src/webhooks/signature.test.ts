import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isSignedBy, readSignature, SIGNATURE_TOLERANCE_MS, signBody } from './signature.ts'

const NOW = 1_800_000_000_500
const T = 1_800_000_000
const BODY = Buffer.from('{"a":"好"}')
/** As a receiver would compute it, without this program's code. */
const hmac = (secret: string, t: number, body: Buffer) =>
  createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from(`${t}.`), body]))
    .digest('hex')

describe('the signature of a webhook', () => {
  it('is t and the HMAC-SHA256 of t.body', () => {
    expect(signBody(['s1'], BODY.toString(), NOW)).toBe(`t=${T},v1=${hmac('s1', T, BODY)}`)
  })

  it('has one value for each valid secret', () => {
    expect(signBody(['new', 'old'], BODY, NOW)).toBe(
      `t=${T},v1=${hmac('new', T, BODY)},v1=${hmac('old', T, BODY)}`,
    )
  })
})

describe('a signed request', () => {
  const check = (header: string | undefined, secrets = ['s1'], body: Uint8Array = BODY, now = NOW) => {
    const claim = readSignature(header, now)
    return claim !== null && isSignedBy(secrets, claim, body)
  }
  const good = signBody(['s1'], BODY, NOW)

  it('is accepted with the right secret, also with one of several', () => {
    expect(check(good)).toBe(true)
    expect(check(good, ['new', 's1'])).toBe(true)
    expect(check(signBody(['other', 's1'], BODY, NOW))).toBe(true)
    expect(check(good.replace(',', ' , '))).toBe(true)
  })

  it.each([
    ['without the header', undefined],
    ['with an empty header', ''],
    ['with the bare hexadecimal', hmac('s1', T, BODY)],
    ['without a time', `v1=${hmac('s1', T, BODY)}`],
    ['with two times', `t=${T},${good}`],
    ['with another time', good.replace(`t=${T}`, `t=${T + 1}`)],
    ['with a time in words', good.replace(`t=${T}`, 't=now')],
    ['without a signature', `t=${T}`],
    ['with a short signature', good.slice(0, -2)],
    ['with a long header', `${good},${'x'.repeat(500)}`],
    ['with many signatures', `t=${T}${`,v1=${hmac('s2', T, BODY)}`.repeat(4)},v1=${hmac('s1', T, BODY)}`],
    ['with the signature of another secret', signBody(['s2'], BODY, NOW)],
    ['with the signature of another body', signBody(['s1'], '{}', NOW)],
  ])('is refused %s', (_, header) => {
    expect(check(header)).toBe(false)
  })

  it('is refused after a change of one byte of the body', () => {
    expect(check(good, ['s1'], Buffer.concat([BODY, Buffer.from(' ')]))).toBe(false)
  })

  it('is accepted for five minutes, before and after its time', () => {
    const at = (ms: number) => check(good, ['s1'], BODY, T * 1000 + ms)
    expect([at(SIGNATURE_TOLERANCE_MS), at(-SIGNATURE_TOLERANCE_MS)]).toEqual([true, true])
    expect([at(SIGNATURE_TOLERANCE_MS + 1), at(-SIGNATURE_TOLERANCE_MS - 1)]).toEqual([false, false])
  })
})
