import { describe, expect, it } from 'vitest'
import { renderMessage } from '../message.ts'
import type { Message } from '../message-model.ts'
import { findEmptyField } from './empty-field.ts'
import type { TemplateVariables } from './template.ts'

const variables = (replyText: string): TemplateVariables => ({
  account: { name: '小店', appId: 'wx1' },
  qrScene: '',
  entry: { at: '2026-03-05T09:07:00', event: 'subscribe', key: '' },
  reply: { text: replyText },
  follower: { tags: '', subscribeScene: '' },
  daysSinceEntry: 0,
  daysSinceReply: 0,
})
const REPLY = '{{ reply.text }}'
const FULL = { title: 'a', description: 'b', url: 'https://a.example', picurl: 'https://a.example/p' }
const MUSIC = { title: 'a', description: 'b', url: 'https://a.example', thumb: 'T' }
const PAGE = { title: 'a', appId: 'wx2', path: 'pages/a', thumb: 'T' }
const MENU = { head: 'Which?', items: [{ id: '1', text: 'one' }] }
const nothing = ['', ' ', '\n\t\u3000', '\u200b', '\u2060\ufeff', '\u2800', '\u3164', '\u200e\u202c']

describe('a message whose template renders to nothing', () => {
  it.each<[string, Message]>([
    ['text', { text: REPLY }],
    ['text', { text: `{% if qrScene != "" %}x{% endif %}${REPLY}` }],
    ['news.title', { news: { ...FULL, title: REPLY } }],
    ['news.url', { news: { ...FULL, url: REPLY } }],
    ['music.url', { music: { ...MUSIC, url: REPLY } }],
    ['menu.head', { menu: { ...MENU, head: REPLY } }],
    ['menu.items.1.text', { menu: { ...MENU, items: [...MENU.items, { id: '2', text: REPLY }] } }],
    ['miniprogram.path', { miniprogram: { ...PAGE, path: REPLY } }],
  ])('is empty in %s', (path, message) => {
    const emptyFieldFor = (replyText: string) =>
      findEmptyField(renderMessage(message, variables(replyText), () => 'M'))
    for (const text of nothing) expect(emptyFieldFor(text), JSON.stringify(text)).toBe(path)
    for (const text of ['1', '😀', '。', '\ufeff1']) expect(emptyFieldFor(text)).toBe(null)
  })

  it.each<Message>([
    { news: { ...FULL, description: REPLY, picurl: REPLY } },
    { menu: { ...MENU, tail: REPLY } },
    { video: { mediaId: 'M', thumb: 'T', title: REPLY, description: REPLY } },
    { image: { mediaId: 'M' } },
    { article: { id: 'A' } },
    { card: { id: 'C' } },
  ])('may have empty optional fields: %j', (message) => {
    expect(findEmptyField(renderMessage(message, variables(''), () => 'M'))).toBe(null)
  })
})
