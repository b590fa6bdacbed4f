import * as wecom from '@wecom/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../../test/harness/property-runs.ts'
import { type AccountOptions, newAccount } from '../state/model.ts'
import type { PushTarget } from './envelope.ts'
import { readReply } from './passive-reply.ts'

const GH = 'gh_test00000001'
const TO = 'oTest'
const AES_KEY = 'testtesttesttesttesttesttesttesttesttesttes'

function account(more: Partial<AccountOptions> = {}) {
  return newAccount({
    appId: 'wxtest0000000001',
    appSecret: 'test-secret',
    token: 'test-token',
    encodingAesKey: AES_KEY,
    mode: 'plain',
    originalId: GH,
    callbackUrl: null,
    ...more,
  })
}

const HEAD = `<ToUserName>${TO}</ToUserName><FromUserName>${GH}</FromUserName><CreateTime>1700000000</CreateTime>`
const xml = (inner: string, head = HEAD) => `<xml>${head}${inner}</xml>`
const TEXT = '<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[欢迎]]></Content>'

/** An encrypted reply. `drop` omits a field, `set` changes fields. */
function sealed(options: {
  message?: string
  format?: 'xml' | 'json'
  cdata?: boolean
  order?: string[]
  drop?: string
  set?: Record<string, string>
}): string {
  const Encrypt = wecom.encrypt(AES_KEY, options.message ?? xml(TEXT), 'wxtest0000000001')
  const TimeStamp = '1409304348'
  const Nonce = 'own-nonce'
  const fields: Record<string, string> = {
    Encrypt,
    MsgSignature: wecom.getSignature('test-token', TimeStamp, Nonce, Encrypt),
    TimeStamp,
    Nonce,
    ...options.set,
  }
  const names = (options.order ?? Object.keys(fields)).filter((name) => name !== options.drop)
  if (options.format === 'json') return JSON.stringify(Object.fromEntries(names.map((n) => [n, fields[n]])))
  const value = (name: string) => (options.cdata === false ? fields[name] : `<![CDATA[${fields[name]}]]>`)
  return `<xml>${names.map((name) => `<${name}>${value(name)}</${name}>`).join('\n')}</xml>`
}

const read = (text: string, more: Partial<AccountOptions> = {}) => readReply(account(more), text, TO)
const security = { mode: 'security' } as const
const accepted = { reply: { msgType: 'text', fields: { Content: '欢迎' } } }

describe('an encrypted reply', () => {
  it.each([
    ['has a timestamp and a nonce of its own', sealed({})],
    ['has no CDATA', sealed({ cdata: false })],
    ['has its fields in another order', sealed({ order: ['Nonce', 'TimeStamp', 'Encrypt', 'MsgSignature'] })],
    ['has fields that WeChat does not know', sealed({ set: { Extra: 'x' } })],
  ])('is accepted when it %s', (_, text) => {
    for (const mode of ['security', 'compatible'] as const) expect(read(text, { mode })).toEqual(accepted)
  })

  const json = JSON.stringify({
    ToUserName: TO,
    FromUserName: GH,
    CreateTime: 1_700_000_000,
    MsgType: 'text',
    Content: '欢迎',
  })
  it.each([
    ['JSON in JSON', sealed({ format: 'json', message: json })],
    [
      'JSON in JSON, with its fields in another order',
      sealed({ format: 'json', message: json, order: ['Nonce', 'MsgSignature', 'Encrypt', 'TimeStamp'] }),
    ],
    ['XML in XML', sealed({})],
  ])('of an account that receives JSON may be %s', (_, text) => {
    expect(read(text, { ...security, format: 'json' })).toEqual(accepted)
  })

  it('may have a number as TimeStamp in JSON', () => {
    const { TimeStamp, ...rest } = JSON.parse(sealed({ format: 'json', message: json })) as Record<
      string,
      string
    >
    const text = JSON.stringify({ ...rest, TimeStamp: Number(TimeStamp) })
    expect(read(text, { ...security, format: 'json' })).toEqual(accepted)
  })

  it.each(['', 'success'])('of "%s" is no reply', (message) => {
    expect(read(sealed({ message }), security)).toEqual({ reply: null })
  })

  it.each(['TimeStamp', 'Nonce', 'MsgSignature', 'Encrypt'])('is rejected without %s', (drop) => {
    expect(read(sealed({ drop }), security)).toHaveProperty('refused')
    expect(
      read(sealed({ drop, format: 'json', message: json }), { ...security, format: 'json' }),
    ).toHaveProperty('refused')
  })

  it('is rejected without a TimeStamp, even when "undefined" was signed in its place', () => {
    const Encrypt = wecom.encrypt(AES_KEY, xml(TEXT), 'wxtest0000000001')
    const MsgSignature = wecom.getSignature('test-token', 'undefined', 'n', Encrypt)
    expect(
      read(sealed({ set: { Encrypt, MsgSignature, Nonce: 'n' }, drop: 'TimeStamp' }), security),
    ).toHaveProperty('refused')
  })

  it.each([
    ['another nonce than the signature covers', { Nonce: 'other' }],
    ['another timestamp', { TimeStamp: '1409304349' }],
    ['a wrong signature', { MsgSignature: '0'.repeat(40) }],
  ])('is rejected with %s', (_, set) => {
    expect(read(sealed({ set }), security)).toEqual({ refused: expect.stringMatching(/MsgSignature/) })
  })

  it('is rejected when no key of the account decrypts it', () => {
    const other = { encodingAesKey: 'otherotherotherotherotherotherotherotheroth' }
    expect(read(sealed({}), { ...security, ...other })).toHaveProperty('refused')
  })

  // WeChat's own example (消息加解密说明): the key is 43 times A, the random part 707722b803182950.
  it('from WeChat’s own example is decrypted', () => {
    const example = JSON.stringify({
      Encrypt: 'ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==',
      MsgSignature: '1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1',
      TimeStamp: 1713424427,
      Nonce: '415670741',
    })
    const to = account({
      ...security,
      format: 'json',
      token: 'AAAAA',
      encodingAesKey: 'A'.repeat(43),
      appId: 'wxba5fad812f8e6fb9',
    })
    // The example has neither sender nor receiver, but it was decrypted.
    expect(readReply(to, example, TO)).toEqual({ refused: expect.stringMatching(/^ToUserName/) })
  })

  it('is required in security mode, except for success and an empty body', () => {
    expect(read(xml(TEXT), security)).toEqual({ refused: expect.stringMatching(/安全模式/) })
    expect(read(xml(TEXT), { mode: 'compatible' })).toEqual(accepted)
    for (const text of ['success', '']) expect(read(text, security)).toEqual({ reply: null })
  })

  it('is rejected in plain mode', () => {
    expect(read(sealed({}))).toHaveProperty('refused')
  })
})

describe('a reply', () => {
  const item =
    '<item><Title>资料</Title><Description></Description><PicUrl></PicUrl><Url>https://example.com</Url></item>'
  it.each([
    ['text', TEXT],
    ['image', '<MsgType>image</MsgType><Image><MediaId>permanent_1</MediaId></Image>'],
    ['voice', '<MsgType>voice</MsgType><Voice><MediaId>permanent_1</MediaId></Voice>'],
    ['video', '<MsgType>video</MsgType><Video><MediaId>permanent_1</MediaId></Video>'],
    ['music', '<MsgType>music</MsgType><Music><ThumbMediaId>permanent_1</ThumbMediaId></Music>'],
    ['news', `<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles>${item}</Articles>`],
    ['transfer_customer_service', '<MsgType>transfer_customer_service</MsgType>'],
    [
      'transfer_customer_service',
      '<MsgType>transfer_customer_service</MsgType><TransInfo><KfAccount>test1@test</KfAccount></TransInfo>',
    ],
  ])('of the type %s is accepted', (msgType, inner) => {
    expect(read(xml(inner))).toMatchObject({ reply: { msgType } })
  })

  it.each([
    ['a text without Content', '<MsgType>text</MsgType>'],
    ['a text with an empty Content', '<MsgType>text</MsgType><Content><![CDATA[]]></Content>'],
    ['a text beyond 2048 bytes', `<MsgType>text</MsgType><Content>${'字'.repeat(683)}</Content>`],
    ['an image without Image', '<MsgType>image</MsgType>'],
    ['an image without MediaId', '<MsgType>image</MsgType><Image></Image>'],
    ['an image with a MediaId outside Image', '<MsgType>image</MsgType><MediaId>permanent_1</MediaId>'],
    ['a voice without MediaId', '<MsgType>voice</MsgType><Voice><MediaId></MediaId></Voice>'],
    ['a video without MediaId', '<MsgType>video</MsgType><Video><Title>x</Title></Video>'],
    [
      'music without ThumbMediaId',
      '<MsgType>music</MsgType><Music><MusicUrl>https://example.com</MusicUrl></Music>',
    ],
    ['news without articles', '<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles></Articles>'],
    ['news without Articles', '<MsgType>news</MsgType><ArticleCount>1</ArticleCount>'],
    ['news without ArticleCount', `<MsgType>news</MsgType><Articles>${item}</Articles>`],
    [
      'news with an ArticleCount of 0',
      `<MsgType>news</MsgType><ArticleCount>0</ArticleCount><Articles>${item}</Articles>`,
    ],
    [
      'news without a title',
      '<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles><item><Url>x</Url></item></Articles>',
    ],
    ['no type', '<Content>x</Content>'],
    ['a type that WeChat does not know', '<MsgType>hologram</MsgType><Content>x</Content>'],
    ['the type of the received message', '<MsgType>event</MsgType><Event>subscribe</Event>'],
    ['a type in capitals', '<MsgType>TEXT</MsgType><Content>x</Content>'],
  ])('is rejected: %s', (_, inner) => {
    expect(read(xml(inner))).toEqual({ refused: expect.any(String) })
  })

  it.each([
    ['a wrong receiver', HEAD.replace(TO, 'oOther')],
    ['a wrong sender', HEAD.replace(GH, 'gh_other')],
    [
      'sender and receiver that were not swapped',
      `<ToUserName>${GH}</ToUserName><FromUserName>${TO}</FromUserName><CreateTime>1</CreateTime>`,
    ],
    ['no receiver', HEAD.replace(/<ToUserName>.*<\/ToUserName>/, '')],
    ['no CreateTime', HEAD.replace(/<CreateTime>.*<\/CreateTime>/, '')],
    // https://developers.weixin.qq.com/community/develop/doc/0004c219674580a126af712eb56400
    ['a CreateTime in brackets', HEAD.replace('1700000000', '[1700000000]')],
  ])('is rejected with %s', (_, head) => {
    expect(read(xml(TEXT, head))).toEqual({ refused: expect.any(String) })
  })

  it.each(['"success"', 'SUCCESS', 'success\n', 'ok', 'null', '[]', '{}', '<html></html>', 'Error 500:'])(
    'is rejected: %j',
    (text) => {
      expect(read(text)).toEqual({ refused: expect.any(String) })
      expect(read(text, { format: 'json' })).toEqual({ refused: expect.any(String) })
    },
  )

  it('in JSON is accepted only where the account receives JSON', () => {
    const base = { ToUserName: TO, FromUserName: GH, CreateTime: 1 }
    const replies = [
      { ...base, MsgType: 'text', Content: 'x' },
      { ...base, MsgType: 'image', Image: { MediaId: 'permanent_1' } },
      { ...base, MsgType: 'news', ArticleCount: 1, Articles: [{ Title: 'x' }] },
      { ...base, MsgType: 'news', ArticleCount: 1, Articles: { item: [{ Title: 'x' }] } },
    ].map((reply) => JSON.stringify(reply))
    for (const reply of replies) {
      expect(read(reply, { format: 'json' })).toHaveProperty('reply')
      expect(read(reply)).toEqual({ refused: expect.stringMatching(/JSON/) })
    }
    const invalid = [
      { ...base, MsgType: 'text', Content: '' },
      { ...base, MsgType: 'text', Content: null },
      { ...base, MsgType: 'image', Image: null },
      { ...base, MsgType: 'news', ArticleCount: 1, Articles: [] },
      { ...base, MsgType: 7 },
    ].map((reply) => JSON.stringify(reply))
    for (const reply of invalid) expect(read(reply, { format: 'json' })).toHaveProperty('refused')
  })

  it('may name only material of the account, of the right type', () => {
    const target: PushTarget = { ...account(), hasMedia: (id, type) => id === 'own' && type === 'image' }
    const image = (id: string) => xml(`<MsgType>image</MsgType><Image><MediaId>${id}</MediaId></Image>`)
    expect(readReply(target, image('own'), TO)).toHaveProperty('reply')
    expect(readReply(target, image('other'), TO)).toHaveProperty('refused')
    const voice = xml('<MsgType>voice</MsgType><Voice><MediaId>own</MediaId></Voice>')
    expect(readReply(target, voice, TO)).toHaveProperty('refused')
  })
})

describe('any answer of a server', () => {
  const modes = fc.constantFrom('plain', 'compatible', 'security')
  const formats = fc.constantFrom('xml', 'json')
  /** Strings, JSON of any shape, and replies in which one field has any value. */
  const answers = fc.oneof(
    fc.string(),
    fc.json(),
    fc.string().map((inner) => xml(inner)),
    fc
      .record({
        name: fc.constantFrom(
          'ToUserName',
          'FromUserName',
          'CreateTime',
          'MsgType',
          'Content',
          'Image',
          'Articles',
        ),
        value: fc.jsonValue(),
      })
      .map(({ name, value }) =>
        JSON.stringify({ ToUserName: TO, FromUserName: GH, CreateTime: 1, MsgType: 'text', [name]: value }),
      ),
    fc
      .record({
        name: fc.constantFrom('Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'),
        value: fc.jsonValue(),
      })
      .map(({ name, value }) =>
        JSON.stringify({ ...(JSON.parse(sealed({ format: 'json' })) as object), [name]: value }),
      ),
  )

  it('is accepted, or rejected with a reason; only a complete text is shown as one', () => {
    fc.assert(
      fc.property(answers, modes, formats, (text, mode, format) => {
        const verdict = read(text, { mode, format })
        if ('refused' in verdict) expect(verdict.refused).not.toBe('')
        else if (verdict.reply === null) expect(['', 'success']).toContain(text)
        else if (verdict.reply.msgType === 'text') expect(verdict.reply.fields.Content).not.toBe('')
      }),
      { numRuns: propertyRuns(500) },
    )
  })
})
