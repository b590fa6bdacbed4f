import { describe, expect, it } from 'vitest'
import { newAccount, type SimMessage } from '../state/model.ts'
import { drawnMessage } from './drawn-message.ts'

const account = newAccount({
  appId: 'wxtest0000000001',
  appSecret: 'test-secret',
  token: 'test-token',
  mode: 'plain',
  callbackUrl: null,
})
const content = Buffer.from('test')
account.media.set('picture', { type: 'image', expiresAt: 0, content, contentType: 'image/png' })
account.media.set('page', { type: 'image', expiresAt: 0, content, contentType: 'text/html' })

const message = (kind: string, content: Record<string, unknown>, from: SimMessage['from'] = 'account') =>
  drawnMessage(account, { at: 1, from, via: 'custom', kind, content })

describe('a message on the phone', () => {
  it.each<[string, string, Record<string, unknown>, unknown]>([
    ['a text', 'text', { content: '你好' }, { kind: 'text', text: '你好' }],
    ['a passive text', 'text', { Content: '你好' }, { kind: 'text', text: '你好' }],
    ['a picture', 'image', { media_id: 'picture' }, { kind: 'image', picture: '/_sim/media/picture' }],
    [
      'a passive picture',
      'image',
      { Image: { MediaId: 'picture' } },
      { kind: 'image', picture: '/_sim/media/picture' },
    ],
    ['a picture that is no picture', 'image', { media_id: 'page' }, { kind: 'image', picture: null }],
    ['an unknown picture', 'image', { media_id: 'gone' }, { kind: 'image', picture: null }],
    ['a voice message', 'voice', { media_id: 'v' }, { kind: 'voice', seconds: null }],
    [
      'a video',
      'video',
      { title: '片', description: '长', thumb_media_id: 'picture' },
      { kind: 'video', title: '片', description: '长', picture: '/_sim/media/picture' },
    ],
    [
      'passive music',
      'music',
      { Music: { Title: '歌', Description: '好听' } },
      { kind: 'music', title: '歌', description: '好听', picture: null },
    ],
    [
      'news',
      'news',
      { articles: [{ title: '文', description: '短', url: 'https://a.example' }] },
      { kind: 'news', title: '文', description: '短', picture: null, url: 'https://a.example' },
    ],
    [
      'passive news',
      'news',
      { Articles: { item: { Title: '文', Url: 'https://a.example' } } },
      { kind: 'news', title: '文', description: '', picture: null, url: 'https://a.example' },
    ],
    [
      'a menu',
      'msgmenu',
      { head_content: '喜欢？', list: [{ id: 1, content: '是' }], tail_content: '谢谢' },
      { kind: 'menu', head: '喜欢？', items: [{ id: '1', text: '是' }], tail: '谢谢' },
    ],
    [
      'a mini program',
      'miniprogrampage',
      { title: '店', appid: 'wx9' },
      { kind: 'miniprogram', title: '店', appId: 'wx9', picture: null },
    ],
    ['an article', 'mpnewsarticle', { article_id: 'a1' }, { kind: 'article', id: 'a1' }],
    ['an article of the material', 'mpnews', { media_id: 'm1' }, { kind: 'article', id: 'm1' }],
    ['a card', 'wxcard', { card_id: 'c1' }, { kind: 'card', id: 'c1' }],
    ['a location', 'location', { label: '广州塔' }, { kind: 'location', label: '广州塔' }],
    ['a file', 'file', { title: 'a.pdf' }, { kind: 'file', title: 'a.pdf' }],
    ['a kind that WeChat adds later', 'hologram', {}, { kind: 'text', text: 'hologram' }],
    ['a menu without anything', 'msgmenu', {}, { kind: 'menu', head: '', items: [], tail: '' }],
  ])('is drawn by its kind: %s', (_, kind, fields, bubble) => {
    expect(message(kind, fields).bubble).toEqual(bubble)
  })

  it('is a line, in both languages, where WeChat shows no bubble', () => {
    expect(message('text', { text: '已关注公众号', en: 'Followed the account' }, 'system')).toMatchObject({
      line: { zh: '已关注公众号', en: 'Followed the account' },
    })
    // Lines of a state file of an older version have no English.
    expect(message('text', { text: '已关注公众号' }, 'system').line).toEqual({
      zh: '已关注公众号',
      en: '已关注公众号',
    })
    expect(message('transfer_customer_service', {}).line?.en).toBe('Handed over to a human agent')
  })

  it('names the agent in whose name it was sent', () => {
    expect(message('text', { content: '你好', as: 'test@agent' }).as).toBe('test@agent')
  })
})
