import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { signatureOf } from './crypto.ts'
import { type CallbackAccount, openCallback } from './envelope.ts'
import { scanCiphertext } from './scan-ciphertext.ts'
import { CallbackBodyError, parseBody, parseEncrypted } from './xml-json.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const scan = (body: string) => scanCiphertext(Buffer.from(body))
const SEALED = 'QUJDREVG+/=='

afterEach(() => vi.restoreAllMocks())

describe('the ciphertext of a push', () => {
  it.each([
    ['in a CDATA section', `<xml><Encrypt><![CDATA[${SEALED}]]></Encrypt></xml>`],
    ['without a section', `<xml><Encrypt>${SEALED}</Encrypt></xml>`],
    ['with white space around the section', `<xml>\n <Encrypt>\n<![CDATA[${SEALED}]]>\n</Encrypt>\n</xml>`],
    ['with white space around the text', `<xml><Encrypt>\n${SEALED}\n</Encrypt></xml>`],
    ['in two sections', '<xml><Encrypt><![CDATA[QUJDRE]]><![CDATA[VG+/==]]></Encrypt></xml>'],
    ['with an attribute', `<xml><Encrypt type="aes"><![CDATA[${SEALED}]]></Encrypt ></xml>`],
    ['after a declaration', `<?xml version="1.0"?><xml><Encrypt>${SEALED}</Encrypt></xml>`],
    ['in JSON', JSON.stringify({ ToUserName: 'gh_1', Encrypt: SEALED })],
    ['in JSON with escaped slashes', `{"Encrypt":"${SEALED.replaceAll('/', '\\/')}"}`],
    ['in JSON with white space', `\n{ "Encrypt" :\t"${SEALED}" }\n`],
    ['after a byte order mark', `\ufeff<xml><Encrypt>${SEALED}</Encrypt></xml>`],
  ])('is found as the parser finds it: %s', (_name, body) => {
    const parsed = parseEncrypted(Buffer.from(body)).candidates.map((c) => c.trim())
    expect(parsed).toEqual([SEALED])
    expect(scan(body).candidates).toContain(SEALED)
    expect(scan(body).isPlausible).toBe(true)
  })

  it.each([
    ['the first of two', `<xml><Encrypt>${SEALED}</Encrypt><Encrypt>WFla</Encrypt></xml>`],
    ['the last of two', `<xml><Encrypt>WFla</Encrypt><Encrypt>${SEALED}</Encrypt></xml>`],
    [
      'the last of a thousand',
      `<xml>${'<Encrypt>WFla</Encrypt>'.repeat(999)}<Encrypt>${SEALED}</Encrypt></xml>`,
    ],
    [
      'the first of a thousand',
      `<xml><Encrypt>${SEALED}</Encrypt>${'<Encrypt>WFla</Encrypt>'.repeat(999)}</xml>`,
    ],
    ['after one that is never closed', `<xml><Encrypt>WF<Encrypt>${SEALED}</Encrypt></xml>`],
    ['after a comment', `<xml><!--<Encrypt>WFla</Encrypt>--><Encrypt>${SEALED}</Encrypt></xml>`],
    ['the last member of that name', `{"Encrypt":"WFla","Encrypt":"${SEALED}"}`],
  ])('is among the candidates: %s', (_name, body) => {
    const { candidates } = scan(body)
    expect(candidates).toContain(SEALED)
    expect(candidates.length).toBeLessThanOrEqual(8)
  })

  it.each([
    ['an empty body', ''],
    ['a plain push', '<xml><FromUserName>o1</FromUserName></xml>'],
    ['an empty element', '<xml><Encrypt></Encrypt></xml>'],
    ['an element with elements in it', '<xml><Encrypt><a>QUJD</a></Encrypt></xml>'],
    ['an element with another name', '<xml><Encrypted>QUJD</Encrypted></xml>'],
    ['a number', '{"Encrypt":1}'],
    ['an object', '{"Encrypt":{"a":"b"}}'],
    ['a text that is never closed', '{"Encrypt":"QUJD'],
  ])('is not found in %s', (_name, body) => {
    expect(scan(body).candidates).toEqual([])
  })

  it('is always found where the parser finds it', () => {
    const base64 = fc.base64String({ minLength: 4, maxLength: 40 })
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((t) => !/[\ud800-\udfff]/.test(t))
    const xml = fc
      .tuple(text, base64, fc.constantFrom('', ' ', '\n'), fc.boolean(), text)
      .map(([before, sealed, space, hasSection, after]) => {
        const inner = hasSection ? `${space}<![CDATA[${sealed}]]>${space}` : `${space}${sealed}${space}`
        const field = (t: string) => `<Content><![CDATA[${t.replaceAll(']]>', '')}]]></Content>`
        return `<xml>${field(before)}<Encrypt>${inner}</Encrypt>${field(after)}</xml>`
      })
    const json = fc
      .tuple(text, base64, text)
      .map(([before, Encrypt, after]) => JSON.stringify({ before, Encrypt, after }))
    fc.assert(
      fc.property(fc.oneof(xml, json), (body) => {
        const found = scan(body).candidates
        for (const sealed of parseEncrypted(Buffer.from(body)).candidates) expect(found).toContain(sealed)
      }),
      { numRuns: propertyRuns(300) },
    )
  })

  it('is searched in UTF-8 only', () => {
    expect(() => scanCiphertext(Buffer.from([0x3c, 0xff]))).toThrow(CallbackBodyError)
  })
})

const KIB_64 = 64 * 1024
const filled = (unit: string, begin = '<xml>', end = '</xml>') =>
  begin + unit.repeat(Math.floor((KIB_64 - begin.length - end.length) / unit.length)) + end
const open = (unit: string, begin = '<xml>') => filled(unit, begin, '')

/** Bodies that are slow for a parser or a careless regular expression. */
const HOSTILE: [string, string][] = [
  ['empty elements', filled('<a/>')],
  ['elements', filled('<a>1</a>')],
  ['attributes', filled('<a b="1" c="2"/>')],
  ['nested elements', open('<a>')],
  ['references', filled('&lt;')],
  ['open comments', open('<!--')],
  ['open sections', open('<![CDATA[')],
  ['empty ciphertexts', filled('<Encrypt></Encrypt>')],
  ['small ciphertexts', filled('<Encrypt>QUJD</Encrypt>')],
  ['one ciphertext', filled('A', '<xml><Encrypt>', '</Encrypt></xml>')],
  ['eight ciphertexts', filled(`<Encrypt>${'A'.repeat(8_000)}</Encrypt>`)],
  ['ciphertexts that are never closed', open('<Encrypt>')],
  ['ciphertexts in open sections', open('<Encrypt><![CDATA[')],
  ['sections within one', open('<![CDATA[A]]>', '<xml><Encrypt>')],
  ['open tags', open('<Encrypt ')],
  ['an open tag', open(' ', '<xml><Encrypt')],
  ['white space', open(' ')],
  ['numbers in JSON', filled('1,', '{"a":[', '1]}')],
  ['members in JSON', filled('"a":1,', '{', '"b":1}')],
  ['quotes in JSON', open('"', '{')],
  ['ciphertexts in JSON', filled('"Encrypt":"QUJD",', '{', '"b":1}')],
  ['open ciphertexts in JSON', open('\\"', '{"Encrypt":"')],
  ['white space after names in JSON', open(`"Encrypt"${' '.repeat(50)}`, '{')],
]

describe('an unsigned body of 64 KiB', () => {
  const account: CallbackAccount = {
    appId: 'wxtest0000000001',
    mode: 'security',
    token: 'test-token',
    encodingAesKey: 'testtesttesttesttesttesttesttesttesttesttes',
    previousToken: 'test-token-before',
  }
  const at = { now: 1_714_112_445_000, maxAgeMs: 600_000 }
  const query = {
    timestamp: '1714112445',
    nonce: '1',
    signature: 'a'.repeat(40),
    msg_signature: 'b'.repeat(40),
  }
  const refuse = (body: Buffer) => openCallback({ account, query, body, ...at })

  it.each(HOSTILE)('is not parsed: %s', (_name, text) => {
    const parse = vi.spyOn(XMLParser.prototype, 'parse')
    const validate = vi.spyOn(XMLValidator, 'validate')
    const json = vi.spyOn(JSON, 'parse')
    expect(refuse(Buffer.from(text))).toMatchObject({ ok: false })
    expect([parse, validate].map((spy) => spy.mock.calls.length)).toEqual([0, 0])
    // The texts of the candidates only.
    expect(json.mock.calls.length).toBeLessThanOrEqual(8)
  })

  it('is parsed once it is signed', () => {
    const parse = vi.spyOn(XMLParser.prototype, 'parse')
    const msg_signature = signatureOf(account.token, query.timestamp, query.nonce, 'QUJD')
    const body = Buffer.from('<xml><Encrypt>QUJD</Encrypt></xml>')
    openCallback({ account, query: { ...query, msg_signature }, body, ...at })
    expect(parse).toHaveBeenCalled()
  })

  it('takes less than a quarter of the time that parsing would take', () => {
    const cpuOf = (handle: (body: Buffer) => void) => {
      const began = process.cpuUsage()
      for (const [, text] of HOSTILE) {
        for (let i = 0; i < 3; i++) handle(Buffer.from(text))
      }
      const { user, system } = process.cpuUsage(began)
      return user + system
    }
    const parse = (body: Buffer) => {
      try {
        parseBody(body)
      } catch {
        // Most of the bodies are ill-formed.
      }
    }
    cpuOf(refuse)
    const refused = cpuOf(refuse)
    expect(refused * 4).toBeLessThan(cpuOf(parse))
  })
})
