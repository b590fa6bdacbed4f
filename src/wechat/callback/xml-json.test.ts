import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CallbackBodyError, parseBody } from './xml-json.ts'

const read = (body: string | Buffer) => parseBody(Buffer.from(body as string))
const contentOf = (xml: string) => read(`<xml><Content>${xml}</Content></xml>`).record.Content

/** A copy with a prototype, which records do not have. */
const plain = (body: string) => JSON.parse(JSON.stringify(read(body).record)) as unknown

const KIB_64 = 64 * 1024

describe('an XML body', () => {
  it('is read as a record of text fields', () => {
    const { record, format } = read(`<xml>
      <ToUserName><![CDATA[gh_1]]></ToUserName>
      <FromUserName>o1</FromUserName>
      <CreateTime>1714112445</CreateTime>
      <EventKey></EventKey>
      <Ticket/>
    </xml>`)
    expect(format).toBe('xml')
    expect({ ...record }).toEqual({
      ToUserName: 'gh_1',
      FromUserName: 'o1',
      CreateTime: '1714112445',
      EventKey: '',
      Ticket: '',
    })
  })

  it('keeps every digit of a MsgId beyond 2^53 and of a number with leading zeros', () => {
    expect(plain('<xml><MsgId>6074746557628292943</MsgId><EventKey>007</EventKey></xml>')).toEqual({
      MsgId: '6074746557628292943',
      EventKey: '007',
    })
  })

  it('may nest, and repeat a field', () => {
    expect(
      plain(
        '<xml><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo></xml>',
      ),
    ).toEqual({
      SendPicsInfo: { Count: '2', PicList: { item: [{ PicMd5Sum: 'a' }, { PicMd5Sum: 'b' }] } },
    })
  })

  it('may start with a declaration or a byte order mark, and contain attributes and comments', () => {
    expect(
      plain('\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- hello --><xml a="1"><A b="2">3</A></xml>'),
    ).toEqual({ A: '3' })
  })
})

describe('the text of a field', () => {
  it.each([
    ['the five entities of XML', '&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos;', `<a> & "b" 'c'`],
    ['decimal references', '&#20320;&#22909;', '你好'],
    ['hexadecimal references', '&#x4f60;&#x597D;', '你好'],
    ['references beyond 16 bits', '&#128075;&#x1F44B;', '👋👋'],
    ['references with leading zeros', '&#0000000065;&#x0000000042;', 'AB'],
    ['an escaped reference, once only', '&amp;lt;&amp;#65;', '&lt;&#65;'],
    ['line breaks and spaces', ' a\n b ', ' a\n b '],
    ['emoji', '👋🏽', '👋🏽'],
  ])('may have %s', (_name, xml, text) => {
    expect(contentOf(xml)).toBe(text)
  })

  it.each([
    ['unchanged', '<![CDATA[a < b && c > d]]>', 'a < b && c > d'],
    ['without decoding references', '<![CDATA[&lt;&#65;&nobody;]]>', '&lt;&#65;&nobody;'],
    [
      'also when it looks like a DOCTYPE',
      '<![CDATA[<!DOCTYPE xml [<!ENTITY a "b">]>]]>',
      '<!DOCTYPE xml [<!ENTITY a "b">]>',
    ],
    ['also when it is empty', '<![CDATA[]]>', ''],
    ['joined when it is split over two sections', '<![CDATA[a]]]]><![CDATA[>b]]>', 'a]]>b'],
    ['without the spaces around the section', '\n  <![CDATA[ a ]]>\n', ' a '],
  ])('is read from CDATA %s', (_name, xml, text) => {
    expect(contentOf(xml)).toBe(text)
  })

  it('is read back unchanged from CDATA and from escaped text', () => {
    // XML allows no control characters, and reads \r as a line break.
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => s.trim() !== '')
    fc.assert(
      fc.property(text, (s) => {
        expect(contentOf(`<![CDATA[${s.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`)).toBe(s)
        expect(contentOf(s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))).toBe(s)
      }),
    )
  })
})

describe('a JSON body', () => {
  it('is read as a record of text fields too', () => {
    const { record, format } = read(
      ' {"FromUserName":"o1","CreateTime":1714112445,"Latitude":23.137466,"EventKey":"","Ticket":null,"ok":true}',
    )
    expect(format).toBe('json')
    expect({ ...record }).toEqual({
      FromUserName: 'o1',
      CreateTime: '1714112445',
      Latitude: '23.137466',
      EventKey: '',
      Ticket: '',
      ok: 'true',
    })
  })

  it.each([
    ['a MsgId beyond 2^53', '6074746557628292943'],
    ['the largest 64-bit number', '18446744073709551615'],
    ['a negative number', '-9223372036854775808'],
    ['a number of 16 digits', '9007199254740993'],
  ])('keeps every digit of %s', (_name, digits) => {
    expect(plain(`{"MsgId": ${digits} ,"b":[${digits}],"c":{"d":${digits}}}`)).toEqual({
      MsgId: digits,
      b: [digits],
      c: { d: digits },
    })
  })

  it('keeps digits inside a text', () => {
    const text = 'say "6074746557628292943" , 6074746557628292943}'
    expect(plain(JSON.stringify({ Content: text, 'a:6074746557628292943,': 'b' }))).toEqual({
      Content: text,
      'a:6074746557628292943,': 'b',
    })
  })

  it('keeps all decimals of a coordinate', () => {
    expect(plain('{"Latitude":1.1234567890123457,"Longitude":-0.12345678901234568}')).toEqual({
      Latitude: '1.1234567890123457',
      Longitude: '-0.12345678901234568',
    })
  })

  it('may nest, and have lists', () => {
    expect(plain('{"List":[{"TemplateId":"t1"},{"TemplateId":"t2"}]}')).toEqual({
      List: [{ TemplateId: 't1' }, { TemplateId: 't2' }],
    })
  })

  it('gives the same record as XML with the same fields', () => {
    const value = fc.oneof(
      fc.stringMatching(/^[a-z0-9 ]*[a-z0-9]$/),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    )
    const fields = fc.dictionary(fc.stringMatching(/^[A-Z][a-z]{2,8}$/), value, { minKeys: 1 })
    fc.assert(
      fc.property(fields, (all) => {
        const entries = Object.entries(all)
        const json = entries.map(([k, v]) => `"${k}":${typeof v === 'bigint' ? v : JSON.stringify(v)}`)
        const xml = entries.map(([k, v]) => `<${k}>${v}</${k}>`)
        expect(plain(`{${json.join(',')}}`)).toEqual(plain(`<xml>${xml.join('')}</xml>`))
      }),
    )
  })
})

describe('a refused body', () => {
  it.each([
    [
      'an invalid byte',
      Buffer.from([0x3c, 0x78, 0x6d, 0x6c, 0x3e, 0xff, 0x3c, 0x2f, 0x78, 0x6d, 0x6c, 0x3e]),
    ],
    ['GBK', Buffer.concat([Buffer.from('{"Content":"'), Buffer.from([0xc4, 0xe3]), Buffer.from('"}')])],
    ['half a character', Buffer.from('<xml><A>你</A></xml>').subarray(0, 10)],
    ['UTF-16', Buffer.from('\ufeff<xml><A>1</A></xml>', 'utf16le')],
  ])('is not UTF-8: %s', (_name, body) => {
    expect(() => read(body)).toThrow(CallbackBodyError)
    expect(() => read(body)).toThrow('not UTF-8')
  })

  const billion =
    '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>'

  it.each([
    ['has a DOCTYPE', '<!DOCTYPE xml><xml><A>1</A></xml>'],
    ['has a DOCTYPE in lowercase', '<!doctype xml><xml><A>1</A></xml>'],
    ['declares entities that grow', billion],
    ['reads a file', '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><A>&f;</A></xml>'],
    [
      'hides a DOCTYPE between half sections in comments',
      '<!-- <![CDATA[ --><!DOCTYPE x><!-- ]]> --><xml><A>1</A></xml>',
    ],
    [
      'hides a DOCTYPE between half sections in instructions',
      '<?a <![CDATA[ ?><!DOCTYPE x><?b ]]> ?><xml><A>1</A></xml>',
    ],
    ['has an undeclared entity', '<xml><Content>&nobody;</Content></xml>'],
    ['has an entity of HTML', '<xml><Content>a&nbsp;b</Content></xml>'],
  ])('%s', (_name, body) => {
    expect(() => read(body)).toThrow(CallbackBodyError)
    expect(() => read(body)).toThrow('entities are not accepted')
  })

  it.each([
    ['empty', ''],
    ['spaces', ' \n'],
    ['a text', 'success'],
    ['an open tag', '<xml><A>1</xml>'],
    ['an open CDATA section', '<xml><A><![CDATA[1</A></xml>'],
    ['a bare ampersand', '<xml><A>a & b</A></xml>'],
    ['a second root', '<xml><A>1</A></xml><xml><A>2</A></xml>'],
    ['a text after the root', '<xml><A>1</A></xml>more'],
    ['another root', '<html><A>1</A></html>'],
    ['a root without fields', '<xml></xml>'],
    ['a root with text only', '<xml>hello</xml>'],
    ['a root with CDATA only', '<xml><![CDATA[hello]]></xml>'],
    ['a reference to NUL', '<xml><A>&#0;</A></xml>'],
    ['a reference beyond Unicode', '<xml><A>&#x110000;</A></xml>'],
    ['a reference far beyond Unicode', '<xml><A>&#99999999999;</A></xml>'],
    ['incomplete JSON', '{"A":'],
    ['JSON with a trailing comma', '{"A":1,}'],
    ['a JSON list', '[{"A":1}]'],
    ['JSON with an unclosed text', '{"A":"1}'],
  ])('is %s', (_name, body) => {
    expect(() => read(body)).toThrow(CallbackBodyError)
  })

  it.each([
    ['XML', `<xml>${'<a>'.repeat(12)}1${'</a>'.repeat(12)}</xml>`],
    ['XML, much too deep', `<xml>${'<a>'.repeat(9_000)}1${'</a>'.repeat(9_000)}</xml>`],
    ['JSON', `{"a":${'{"a":'.repeat(12)}1${'}'.repeat(12)}}`],
    ['JSON of lists', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
  ])('is nested too deep: %s', (_name, body) => {
    expect(() => read(body)).toThrow(CallbackBodyError)
  })

  it('is not quoted in the reason', () => {
    for (const body of [
      '{"Content":"secret words"',
      '<xml><Content>secret words</xml>',
      '<xml><A>&secret;</A></xml>',
    ]) {
      expect(() => read(body)).toThrow(/^(?!.*secret).*$/)
    }
  })
})

describe('a body of the largest size that is meant to be slow', () => {
  // Each body takes seconds with a pattern that is not linear. The test then fails by its
  // time limit.
  it.each([
    ['one endless number', `{"a":${'1'.repeat(KIB_64)}x}`],
    ['unclosed quotes', `{"a":${'"\\'.repeat(KIB_64 / 2)}`],
    ['escaped quotes in an unclosed string', `{"a":"${'\\"'.repeat(KIB_64 / 2)}`],
    ['numbers before an invalid character', `{"a":${'1234567890123456 '.repeat(KIB_64 / 17)}x}`],
    ['unclosed sections', `<xml>${'<![CDATA['.repeat(KIB_64 / 9)}`],
    ['unclosed comments', `<xml>${'<!--'.repeat(KIB_64 / 4)}`],
    ['unclosed references', `<xml><A>${'&#x1'.repeat(KIB_64 / 4)}</A></xml>`],
  ])('is refused quickly: %s', (_name, body) => {
    expect(() => read(body)).toThrow(CallbackBodyError)
  })
})

describe('a field named like a property of JavaScript objects', () => {
  it('is an ordinary field, and does not change other records', () => {
    const { record } = read('{"__proto__":{"FromUserName":"o1"},"constructor":"c"}')
    expect(record.FromUserName).toBeUndefined()
    expect(Object.keys(record)).toEqual(['__proto__', 'constructor'])
    expect('FromUserName' in {}).toBe(false)
  })
})

describe('a text that PostgreSQL would refuse', () => {
  it.each([
    ['NUL in JSON', '{"Content":"a\\u0000b"}'],
    ['half a surrogate pair in JSON', '{"Content":"a\\ud800b"}'],
    ['NUL in a CDATA section', '<xml><Content><![CDATA[a\0b]]></Content></xml>'],
    ['NUL in plain XML text', '<xml><Content>a\0b</Content></xml>'],
  ])('has the refused characters replaced: %s', (_, body) => {
    expect(parseBody(Buffer.from(body)).record.Content).toBe('a\ufffdb')
  })

  it('keeps complete emoji', () => {
    expect(parseBody(Buffer.from('{"Content":"好😀"}')).record.Content).toBe('好😀')
  })
})
