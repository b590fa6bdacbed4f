import { describe, expect, it } from 'vitest'
import { decodeAesKey, decrypt, signatureMatches, signatureOf } from './crypto.ts'
import type { CallbackAccount } from './envelope.ts'
import { type PassiveReply, parseReply, renderReply, withoutEmptyParts } from './passive-reply.ts'
import { parseBody } from './xml-json.ts'

const account: CallbackAccount = {
  appId: 'wx0123456789abcdef',
  mode: 'security',
  token: 'token',
  encodingAesKey: 'mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY',
}
const AT = 1_714_112_445
const seal = { account, nonce: '415670741', timestamp: AT + 1, random: Buffer.alloc(16, 'r') }

const render = (reply: PassiveReply, more: Partial<Parameters<typeof renderReply>[0]> = {}) =>
  renderReply({ reply, to: 'o1', from: 'gh_1', createTime: AT, format: 'xml', ...more })

const read = (rendered: string) =>
  JSON.parse(JSON.stringify(parseBody(Buffer.from(rendered)).record)) as Record<string, unknown>

const article = { title: '资料', description: 'd', picUrl: 'https://p/?a=1&b=2', url: 'https://u/' }
const articleOnWire = { Title: '资料', Description: 'd', PicUrl: 'https://p/?a=1&b=2', Url: 'https://u/' }

const kinds: [PassiveReply['kind'], PassiveReply, object][] = [
  ['text', { kind: 'text', content: '你好 <b>&amp;</b>' }, { Content: '你好 <b>&amp;</b>' }],
  ['image', { kind: 'image', mediaId: 'm1' }, { Image: { MediaId: 'm1' } }],
  ['voice', { kind: 'voice', mediaId: 'm1' }, { Voice: { MediaId: 'm1' } }],
  [
    'video',
    { kind: 'video', mediaId: 'm1', title: 't', description: 'd' },
    { Video: { MediaId: 'm1', Title: 't', Description: 'd' } },
  ],
  [
    'music',
    {
      kind: 'music',
      title: 't',
      description: 'd',
      musicUrl: 'https://m/',
      hqMusicUrl: 'https://hq/',
      thumbMediaId: 't1',
    },
    {
      Music: {
        Title: 't',
        Description: 'd',
        MusicUrl: 'https://m/',
        HQMusicUrl: 'https://hq/',
        ThumbMediaId: 't1',
      },
    },
  ],
  ['news', { kind: 'news', articles: [article] }, { ArticleCount: '1', Articles: { item: articleOnWire } }],
  ['transfer_customer_service', { kind: 'transfer_customer_service' }, {}],
  [
    'transfer_customer_service',
    { kind: 'transfer_customer_service', kfAccount: 'test1@gh_1' },
    { TransInfo: { KfAccount: 'test1@gh_1' } },
  ],
]

describe('a passive reply', () => {
  it.each(kinds)('of kind %s is rendered as XML', (kind, reply, fields) => {
    expect(read(render(reply))).toEqual({
      ToUserName: 'o1',
      FromUserName: 'gh_1',
      CreateTime: String(AT),
      MsgType: kind,
      ...fields,
    })
  })

  it.each(kinds)('of kind %s is rendered as JSON', (kind, reply, fields) => {
    const wire = JSON.parse(render(reply, { format: 'json' })) as Record<string, unknown>
    expect(wire).toEqual({
      ToUserName: 'o1',
      FromUserName: 'gh_1',
      CreateTime: AT,
      MsgType: kind,
      ...fields,
      ...(kind === 'news' ? { ArticleCount: 1, Articles: { item: [articleOnWire] } } : {}),
    })
  })

  it('may have several articles, in order', () => {
    const articles = [article, { ...article, title: '第二' }]
    expect(read(render({ kind: 'news', articles }))).toMatchObject({
      ArticleCount: '2',
      Articles: { item: [{ Title: '资料' }, { Title: '第二' }] },
    })
  })

  it.each(['a]]>b', ']]>', ']]]]>>', '<![CDATA[x]]>', '</Content></xml>', '👋 &#65; \n'])(
    'contains %o unchanged, in both formats',
    (content) => {
      expect(read(render({ kind: 'text', content })).Content).toBe(content)
      expect(read(render({ kind: 'text', content }, { format: 'json' })).Content).toBe(content)
    },
  )

  it('is rendered exactly as in the guide', () => {
    expect(render({ kind: 'text', content: '你好' })).toBe(
      '<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content></xml>',
    )
  })
})

describe('a passive reply to an encrypted push', () => {
  it.each(
    kinds.flatMap(([kind, reply]) =>
      (['xml', 'json'] as const).map((format) => [kind, format, reply] as const),
    ),
  )('contains %s as %s, encrypted and signed', (_kind, format, reply) => {
    const rendered = render(reply, { format, encrypt: seal })
    expect(rendered.startsWith(format === 'json' ? '{' : '<xml>')).toBe(true)
    const { Encrypt, MsgSignature, TimeStamp, Nonce, ...rest } = read(rendered)
    expect({ TimeStamp, Nonce, rest }).toEqual({ TimeStamp: String(AT + 1), Nonce: seal.nonce, rest: {} })
    expect(
      signatureMatches(String(MsgSignature), 'token', String(TimeStamp), String(Nonce), String(Encrypt)),
    ).toBe(true)
    const opened = decrypt(String(Encrypt), decodeAesKey(account.encodingAesKey ?? ''))
    expect(opened.message.toString()).toBe(render(reply, { format }))
    expect(opened.trailingId).toBe(account.appId)
  })

  it('depends on the random bytes, which differ each time', () => {
    const reply: PassiveReply = { kind: 'text', content: 'hi' }
    expect(render(reply, { encrypt: seal })).toBe(render(reply, { encrypt: seal }))
    const { random: _, ...anyRandom } = seal
    expect(render(reply, { encrypt: anyRandom })).not.toBe(render(reply, { encrypt: anyRandom }))
  })

  it('is rendered exactly as in the guide', () => {
    const rendered = render({ kind: 'transfer_customer_service' }, { encrypt: seal })
    const sealed = /<Encrypt><!\[CDATA\[(.+?)\]\]>/.exec(rendered)?.[1] ?? ''
    const signature = signatureOf('token', '1714112446', '415670741', sealed)
    expect(rendered).toBe(
      `<xml><Encrypt><![CDATA[${sealed}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature><TimeStamp>1714112446</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>`,
    )
  })

  it('cannot be rendered for an account without a key', () => {
    const keyless = { ...seal, account: { ...account, encodingAesKey: null } }
    expect(() => render({ kind: 'text', content: 'hi' }, { encrypt: keyless })).toThrow('EncodingAESKey')
  })
})

describe('a passive reply that another system made', () => {
  const formats = ['xml', 'json'] as const
  it.each(kinds.flatMap(([kind, reply]) => formats.map((format) => [kind, format, reply] as const)))(
    'is read with every field: %s, as %s',
    (_kind, format, reply) => {
      expect(parseReply(parseBody(Buffer.from(render(reply, { format }))).record)).toEqual(reply)
    },
  )

  it('may have MusicURL, as in the guide’s table', () => {
    const rendered = render(musicOf('t1', 'https://m/')).replaceAll('MusicUrl', 'MusicURL')
    expect(parseReply(parseBody(Buffer.from(rendered)).record)).toMatchObject({ musicUrl: 'https://m/' })
  })

  it('may have an empty field of another kind', () => {
    const rendered = render({ kind: 'voice', mediaId: 'm1' }).replace('<Voice>', '<Image></Image><Voice>')
    expect(parseReply(parseBody(Buffer.from(rendered)).record)).toEqual({ kind: 'voice', mediaId: 'm1' })
  })
})

const musicOf = (thumbMediaId: string, musicUrl = ''): PassiveReply => ({
  kind: 'music',
  title: '',
  description: '',
  musicUrl,
  hqMusicUrl: '',
  thumbMediaId,
})

describe('a passive reply with an empty required field', () => {
  it.each<[string, PassiveReply]>([
    ['an empty text', { kind: 'text', content: '' }],
    ['white space', { kind: 'text', content: ' \n\u3000\t' }],
    ['invisible characters', { kind: 'text', content: '\u200b\u200e\ufeff\u0002' }],
    ['blanks that are letters', { kind: 'text', content: '\u3164\u2800\ufe0f\u034f' }],
    ['an image without a media id', { kind: 'image', mediaId: '' }],
    ['a voice without a media id', { kind: 'voice', mediaId: '' }],
    ['a video without a media id', { kind: 'video', mediaId: '', title: 't', description: 'd' }],
    ['music without a thumb', musicOf('')],
    ['news without articles', { kind: 'news', articles: [] }],
    ['news without a title', { kind: 'news', articles: [{ ...article, title: ' ' }] }],
    ['news without a link', { kind: 'news', articles: [{ ...article, url: '' }] }],
  ])('is dropped: %s', (_name, reply) => {
    expect(withoutEmptyParts(reply)).toBeNull()
  })

  it.each(kinds)('is not a valid %s', (_kind, reply) => {
    expect(withoutEmptyParts(reply)).toEqual(reply)
  })

  it('loses only the article that cannot be opened', () => {
    const articles = [{ ...article, url: '' }, article]
    expect(withoutEmptyParts({ kind: 'news', articles })).toEqual({ kind: 'news', articles: [article] })
  })

  it.each(['.', '👨‍👩‍👧', '0'])('is not the text %o', (content) => {
    expect(withoutEmptyParts({ kind: 'text', content })).toEqual({ kind: 'text', content })
  })
})
