import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { parseInbound } from './events.ts'
import { CallbackBodyError, parseBody, parseEncrypted } from './xml-json.ts'

const read = (xml: string) => parseBody(Buffer.from(xml))
const HEAD =
  '<ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oMe]]></FromUserName><CreateTime>1714112445</CreateTime>'
const TAIL = '<MsgId>6074746557628292943</MsgId>'

/** Pushes as WeChat writes them, with a person's text inserted without escaping. */
const typed = (text: string) =>
  `<xml>${HEAD}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${text}]]></Content>${TAIL}</xml>`
const located = (label: string) =>
  `<xml>${HEAD}<MsgType><![CDATA[location]]></MsgType><Location_X>1</Location_X><Location_Y>2</Location_Y><Scale>3</Scale><Label><![CDATA[${label}]]></Label>${TAIL}</xml>`
const shared = (title: string, description: string) =>
  `<xml>${HEAD}<MsgType><![CDATA[link]]></MsgType><Title><![CDATA[${title}]]></Title><Description><![CDATA[${description}]]></Description><Url><![CDATA[u]]></Url>${TAIL}</xml>`
const scanned = (result: string) =>
  `<xml>${HEAD}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[scancode_push]]></Event><EventKey><![CDATA[key]]></EventKey><ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[${result}]]></ScanResult></ScanCodeInfo></xml>`

const SENDER = { toUserName: 'gh_1', openId: 'oMe', createTime: 1714112445 }
const inboundOf = (xml: string) => parseInbound(read(xml).record)

const ENDS = [
  ']]>',
  'a]]>b',
  ']]]]>>',
  ']]></Content>',
  '</Content>',
  ']]></xml>',
  '<xml>',
  '<![CDATA[x]]>',
  '<![CDATA[x]]>\n<![CDATA[',
  ']]><!--x--><![CDATA[',
  ']]><?x?> <![CDATA[',
]
const CONTROLS = ['\u0001', 'a\u0002b', '\u0010', '\u001b[0m', '\ufffe']
const MARKUP = [
  '&',
  '<',
  'a & b <c>',
  '<b>]]></b>',
  ']]>&nbsp;',
  ']]>&#0;<![CDATA[',
  ']]><!DOCTYPE x [',
  '<!--',
]
const DEEP = [']]>'.repeat(2_000), `]]>${'<a>'.repeat(2_000)}`, `]]>${'<a>'.repeat(20)}${'</a>'.repeat(20)}`]

describe('a text that breaks the XML around it', () => {
  it.each([...ENDS, ...CONTROLS, ...MARKUP, ...DEEP])('is read as the follower typed it: %.60j', (text) => {
    expect(inboundOf(typed(text))).toEqual({
      ...SENDER,
      eventName: '',
      kind: 'text',
      msgId: '6074746557628292943',
      content: text,
      bizmsgmenuid: null,
    })
  })

  it.each([...ENDS, ...CONTROLS, ...MARKUP, ...DEEP])(
    'does not prevent reading a push in which it is another field: %.60j',
    (text) => {
      const message = { ...SENDER, msgId: '6074746557628292943' }
      expect(inboundOf(located(text))).toMatchObject({ ...message, kind: 'location' })
      expect(inboundOf(shared(text, 'd'))).toMatchObject({ ...message, kind: 'link' })
      expect(inboundOf(shared('t', text))).toMatchObject({ ...message, kind: 'link' })
      expect(inboundOf(scanned(text))).toMatchObject({ ...SENDER, kind: 'scancode_push', eventKey: 'key' })
    },
  )

  it('may be the scene of a QR code of the account', () => {
    const scan = (event: string, key: string) =>
      `<xml>${HEAD}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[${event}]]></Event><EventKey><![CDATA[${key}]]></EventKey><Ticket><![CDATA[T]]></Ticket></xml>`
    expect(inboundOf(scan('SCAN', 'a]]>b'))).toMatchObject({
      ...SENDER,
      kind: 'scan',
      qrScene: 'a]]>b',
      ticket: 'T',
    })
    expect(inboundOf(scan('subscribe', 'qrscene_]]>'))).toMatchObject({ kind: 'subscribe', qrScene: ']]>' })
  })

  it.each([
    ['never closed', '<Content><![CDATA[hi</Content>', 'hi'],
    ['not opened', '<Content>hi & <you></Content>', 'hi & <you>'],
    ['with references', '<Content>a &lt; b & c</Content>', 'a < b & c'],
    ['absent', '<Content/>&', ''],
  ])('is read when its section is %s', (_name, content, text) => {
    const xml = `<?xml version="1.0"?>\n<xml>\n${HEAD}\n<MsgType>text</MsgType>\n${content}\n${TAIL}\n</xml>\n`
    expect(inboundOf(xml)).toMatchObject({ ...SENDER, kind: 'text', content: text })
  })

  it('is recovered only when the push is broken', () => {
    expect(read(typed('hi')).recovered).toBe(false)
    expect(read(typed('a]]]]><![CDATA[>b'))).toMatchObject({ recovered: false, record: { Content: 'a]]>b' } })
    expect(read(typed('a]]>b')).recovered).toBe(true)
  })
})

const FORGED = [
  '<FromUserName><![CDATA[oVictim]]></FromUserName>',
  '<ToUserName>gh_2</ToUserName>',
  '<CreateTime>1</CreateTime>',
  '<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[unsubscribe]]></Event>',
  '<Event>user_authorization_revoke</Event><OpenID>oVictim</OpenID>',
  '<MsgId>1</MsgId>',
  '<MsgID>1</MsgID>',
  '<bizmsgmenuid>101</bizmsgmenuid>',
  '<EventKey>gift</EventKey>',
  '<Encrypt>AAAA</Encrypt>',
]
/** Texts that end the section of a field, insert markup and open it again. Some results are well-formed, some are not. */
const around = (field: string) => (inside: string) => [
  `]]></${field}>${inside}<${field}><![CDATA[`,
  `x]]></${field}>${inside}<${field}>`,
  `]]></${field}>${inside}</xml>`,
  `]]></${field}>${inside}</xml><xml><${field}><![CDATA[`,
  `]]></${field}>${inside}<MsgId>1</MsgId><!--`,
  `]]></${field}>${inside}<?`,
  `]]></${field}><bizmsgmenuid><![CDATA[${inside}`,
  `]]>${inside}<![CDATA[`,
  `]]>${inside}`,
]

describe('a text with forged fields', () => {
  const expectParsed = (xml: string, expected: object) => {
    const inbound = inboundOf(xml)
    expect(inbound).toMatchObject({ ...SENDER, ...expected })
    expect('bizmsgmenuid' in inbound ? inbound.bizmsgmenuid : null).toBeNull()
  }
  const message = { eventName: '', msgId: '6074746557628292943' }

  it.each(FORGED)('is read as a text, and its fields are ignored: %s', (forged) => {
    for (const text of around('Content')(forged))
      expectParsed(typed(text), { ...message, kind: 'text', content: text })
    for (const text of around('Label')(forged)) expectParsed(located(text), { ...message, kind: 'location' })
    for (const text of [...around('Title')(forged), ...around('Description')(forged)]) {
      expectParsed(shared(text, 'd'), { ...message, kind: 'link' })
      expectParsed(shared('t', text), { ...message, kind: 'link' })
    }
    for (const text of [...around('ScanResult')(forged), ...around('ScanResult></ScanCodeInfo')(forged)]) {
      expectParsed(scanned(text), { kind: 'scancode_push', eventName: 'scancode_push', eventKey: 'key' })
    }
  })

  it('never changes the sender, and is read as it was typed, for random texts', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...FORGED,
        ...ENDS,
        ...MARKUP,
        '<Content>',
        '<![CDATA[',
        ']]',
        '>',
        '<!--',
        '-->',
        '<?',
        '?>',
      ),
      fc.constantFrom('</MsgType>', '</FromUserName>', '<MsgId>', '</MsgId>', '</Label>', '<xml>', '\n'),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    )
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(text, (t) => {
        // XML writers change the end of a section and line breaks, and the result is ambiguous.
        fc.pre(!t.includes(']]]]><![CDATA[>') && !t.includes('\r') && !/[\0\p{Surrogate}]/u.test(t))
        expectParsed(typed(t), { ...message, kind: 'text', content: t })
        expectParsed(located(t), { ...message, kind: 'location' })
        expectParsed(shared('t', t), { ...message, kind: 'link' })
        expectParsed(scanned(t), { kind: 'scancode_push', eventKey: 'key' })
      }),
      { numRuns: propertyRuns(400) },
    )
  })
})

describe('a push that a person’s text cannot have broken', () => {
  it.each([
    ['without an end', typed('x').slice(0, -6)],
    ['with a text after its end', `${typed(']]>')}more`],
    ['cut off in its first fields', '<xml><ToUserName>gh_1</ToUserName><FromUser'],
    ['without a sender', '<xml><ToUserName>gh_1</ToUserName><CreateTime>1</CreateTime><a></xml>'],
    ['whose text is never closed', typed('x').replace('</Content>', '')],
    ['with a DOCTYPE before it', `<!DOCTYPE x>${typed(']]>')}`],
    ['with a DOCTYPE in its first fields', typed(']]>').replace('<CreateTime>', '<!DOCTYPE x><CreateTime>')],
    ['with a comment that hides the DOCTYPE', `<!-- <xml> --><!DOCTYPE x>${typed(']]>')}`],
    ['with an undeclared entity', typed('x').replace('<![CDATA[x]]>', '&nobody;')],
  ])('is refused: %s', (_name, xml) => {
    expect(() => read(xml)).toThrow(CallbackBodyError)
  })

  it.each([
    ['sections', typed(']]>'.repeat(20_000))],
    ['tags', typed(`]]>${'<a>'.repeat(20_000)}`)],
    ['closing tags', typed(`]]>${'</Content>'.repeat(6_000)}`)],
    ['ids', typed(`]]>${TAIL.repeat(1_700)}`)],
    ['white space', typed(`]]>${' '.repeat(60_000)}`)],
    ['ciphertexts', typed(`]]>${'<Encrypt>'.repeat(6_000)}`)],
  ])('of the largest size is read quickly: %s', (_name, xml) => {
    expect(inboundOf(xml)).toMatchObject(SENDER)
    expect(parseEncrypted(Buffer.from(xml)).candidates).toEqual([])
  })
})

describe('the ciphertext of a push in compatible mode', () => {
  const encrypted = (text: string) =>
    typed(text).replace('</xml>', '<Encrypt><![CDATA[QUJD]]></Encrypt></xml>')

  it.each([...ENDS, ...CONTROLS, ...MARKUP])('is found beside a text that breaks the XML: %j', (text) => {
    expect(parseEncrypted(Buffer.from(encrypted(text))).candidates).toContain('QUJD')
  })

  it('is one of two candidates when the follower typed another', () => {
    const forged = ']]></Content><Encrypt>WFla</Encrypt><Content><![CDATA['
    expect(parseEncrypted(Buffer.from(encrypted(forged))).candidates).toEqual(['QUJD', 'WFla'])
    const many = forged.repeat(100)
    expect(parseEncrypted(Buffer.from(encrypted(many))).candidates).toEqual(['QUJD', 'WFla'])
  })

  it('has no candidate in a plain push, well-formed or not', () => {
    expect(parseEncrypted(Buffer.from(typed('x'))).candidates).toEqual([])
    expect(parseEncrypted(Buffer.from(typed(']]>'))).candidates).toEqual([])
  })
})

describe('a push in JSON', () => {
  it.each(['\u0001', 'a\nb', '\t\u0002"'])('may contain unescaped control characters: %j', (text) => {
    const [, escaped = ''] = /^"(.*)"$/s.exec(JSON.stringify(text)) ?? []
    const raw = escaped.replace(/\\u00([01][0-9a-f])|\\([nt])/g, (_, hex: string | undefined, c: string) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : c === 'n' ? '\n' : '\t',
    )
    const body = `{"FromUserName":"oMe","CreateTime":1,\n"MsgType":"text","MsgId":2,"Content":"${raw}"}`
    expect(inboundOf(body)).toMatchObject({ kind: 'text', content: text })
  })
})
