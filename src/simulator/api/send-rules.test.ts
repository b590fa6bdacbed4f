import { describe, expect, it } from 'vitest'
import { newAccount } from '../state/model.ts'
import { checkContent } from './send-rules.ts'

const T0 = Date.parse('2026-11-23T08:00:00Z')
const DAY = 86_400_000

function account(certified = true) {
  const made = newAccount({
    appId: 'wxtest0000000001',
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: '',
    agents: ['lin@shop'],
    certified,
  })
  for (const type of ['image', 'voice', 'video', 'thumb']) {
    made.media.set(`test_${type}`, { type, expiresAt: T0 + DAY })
  }
  return made
}

function check(
  body: Record<string, unknown>,
  { certified = true, now = T0, raw = JSON.stringify(body) } = {},
) {
  return checkContent(account(certified), { touser: 'oTest', ...body }, raw, now)
}

const article = { title: '资料', description: '', url: 'https://example.com', picurl: '' }
const menu = { head_content: '要吗？', list: [{ id: '1', content: '要' }] }
const page = { title: '课程', appid: 'wxmini', pagepath: 'pages/index', thumb_media_id: 'test_thumb' }
const music = { title: 't', description: 'd', musicurl: 'https://example.com', hqmusicurl: '' }

describe('a valid message', () => {
  it.each<[string, Record<string, unknown>]>([
    ['text', { content: '你好' }],
    ['image', { media_id: 'test_image' }],
    ['image', { media_id: 'permanent_logo' }],
    ['voice', { media_id: 'test_voice' }],
    ['video', { media_id: 'test_video', thumb_media_id: 'test_thumb' }],
    ['video', { media_id: 'test_video', thumb_media_id: 'test_image' }],
    ['music', { ...music, thumb_media_id: 'test_thumb' }],
    ['news', { articles: [article] }],
    ['msgmenu', menu],
    ['miniprogrampage', page],
    ['mpnews', { media_id: 'permanent_news' }],
    ['mpnewsarticle', { article_id: 'a1' }],
    ['wxcard', { card_id: 'c1' }],
  ])('%s %j', (msgtype, part) => {
    expect(check({ msgtype, [msgtype]: part })).toBe(0)
  })

  it('names an agent of the account', () => {
    const body = (kf_account: unknown) => ({
      msgtype: 'text',
      text: { content: '你好' },
      customservice: { kf_account },
    })
    expect(check(body('lin@shop'))).toBe(0)
    for (const name of ['ming@shop', 'lin', '@', '', null, 7]) expect(check(body(name))).toBe(61452)
  })
})

describe('an invalid message', () => {
  it.each<[string, number, string, unknown]>([
    ['without a type', 40008, '', { content: '你好' }],
    ['of an unknown type', 40008, 'hologram', { content: '你好' }],
    ['without the part that its type names', 40008, 'text', undefined],
    ['with a list in place of the part', 40008, 'text', ['你好']],
    ['with an empty text', 44004, 'text', { content: '' }],
    ['with a text that is a number', 44004, 'text', { content: 1 }],
    ['with an image that was never uploaded', 40007, 'image', { media_id: 'test_nobody' }],
    ['with a voice in place of an image', 40007, 'image', { media_id: 'test_voice' }],
    ['with a video without its thumb', 40007, 'video', { media_id: 'test_video' }],
    ['with a thumb for a video', 40007, 'video', { media_id: 'test_thumb', thumb_media_id: 'test_thumb' }],
    ['with music without a URL', 44002, 'music', { ...music, musicurl: '', thumb_media_id: 'test_thumb' }],
    ['with music without its thumb', 40007, 'music', music],
    ['with news without an article', 44003, 'news', { articles: [] }],
    ['with news of an article without a title', 44003, 'news', { articles: [{ ...article, title: '' }] }],
    ['with news of two articles', 45008, 'news', { articles: [article, article] }],
    ['with a menu without items', 40035, 'msgmenu', { ...menu, list: [] }],
    ['with a menu without a head', 40035, 'msgmenu', { ...menu, head_content: '' }],
    ['with a mini program without its id', 40166, 'miniprogrampage', { ...page, appid: '' }],
    ['with a mini program without its page', 40165, 'miniprogrampage', { ...page, pagepath: '' }],
    ['with a mini program without its thumb', 40007, 'miniprogrampage', { ...page, thumb_media_id: '' }],
    ['with an article without its id', 40007, 'mpnewsarticle', {}],
    ['with a card without its id', 40035, 'wxcard', {}],
  ])('%s: %i', (_, errcode, msgtype, part) => {
    expect(check({ msgtype, [msgtype]: part })).toBe(errcode)
  })

  it('has a text of more than 2,048 bytes of UTF-8', () => {
    const text = (bytes: number) => '好'.repeat(682) + 'x'.repeat(bytes - 682 * 3)
    expect(check({ msgtype: 'text', text: { content: text(2_048) } })).toBe(0)
    expect(check({ msgtype: 'text', text: { content: text(2_049) } })).toBe(45002)
  })

  it('has escaped characters', () => {
    const body = { msgtype: 'text', text: { content: '你' } }
    expect(check(body, { raw: '{"msgtype":"text","text":{"content":"\\u4f60"}}' })).toBe(40033)
  })

  it('is a menu from an account without certification', () => {
    expect(check({ msgtype: 'msgmenu', msgmenu: menu }, { certified: false })).toBe(48008)
  })

  it.each([[{ kf_account: 'lin' }], [{}], ['lin@shop']])('names an unknown agent %j', (customservice) => {
    expect(check({ msgtype: 'text', text: { content: '你好' }, customservice })).toBe(61452)
  })

  it('has an expired medium', () => {
    const body = { msgtype: 'image', image: { media_id: 'test_image' } }
    expect(check(body, { now: T0 + DAY })).toBe(0)
    expect(check(body, { now: T0 + DAY + 1 })).toBe(40007)
  })
})
