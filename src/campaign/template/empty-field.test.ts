import { describe, expect, it } from 'vitest'
import { renderMessage } from '../message.ts'
import type { Message } from '../model.ts'
import { findEmptyField } from './empty-field.ts'
import type { TemplateVariables } from './template.ts'

const variables = (said: string): TemplateVariables => ({
  account: { name: '小店', appId: 'wx1' },
  qrScene: '',
  entry: { at: '2026-03-05T09:07:00', event: 'subscribe', key: '' },
  reply: { text: said },
  follower: { tags: '', subscribeScene: '' },
  daysSinceEntry: 0,
  daysSinceReply: 0,
})
const SAID = '{{ reply.text }}'
const FULL = { title: 'a', description: 'b', url: 'https://a.example', picurl: 'https://a.example/p' }
const MUSIC = { title: 'a', description: 'b', url: 'https://a.example', thumb: 'T' }
const PAGE = { title: 'a', appId: 'wx2', path: 'pages/a', thumb: 'T' }
const MENU = { head: 'Which?', items: [{ id: '1', text: 'one' }] }
const nothing = ['', ' ', '\n\t\u3000', '\u200b', '\u2060\ufeff', '\u2800', '\u3164', '\u200e\u202c']

describe('a message whose template says nothing', () => {
  it.each<[string, Message]>([
    ['text', { text: SAID }],
    ['text', { text: `{% if qrScene != "" %}x{% endif %}${SAID}` }],
    ['news.title', { news: { ...FULL, title: SAID } }],
    ['news.url', { news: { ...FULL, url: SAID } }],
    ['music.url', { music: { ...MUSIC, url: SAID } }],
    ['menu.head', { menu: { ...MENU, head: SAID } }],
    ['menu.items.1.text', { menu: { ...MENU, items: [...MENU.items, { id: '2', text: SAID }] } }],
    ['miniprogram.path', { miniprogram: { ...PAGE, path: SAID } }],
  ])('is empty in %s', (path, message) => {
    const body = (said: string) => renderMessage(message, variables(said), () => 'M')
    for (const said of nothing) expect(findEmptyField(body(said)), JSON.stringify(said)).toBe(path)
    for (const said of ['1', '😀', '。', '\ufeff1']) expect(findEmptyField(body(said))).toBe(null)
  })

  it.each<Message>([
    { news: { ...FULL, description: SAID, picurl: SAID } },
    { menu: { ...MENU, tail: SAID } },
    { video: { mediaId: 'M', thumb: 'T', title: SAID, description: SAID } },
    { image: { mediaId: 'M' } },
    { article: { id: 'A' } },
    { card: { id: 'C' } },
  ])('may lack what WeChat does not ask for: %j', (message) => {
    expect(findEmptyField(renderMessage(message, variables(''), () => 'M'))).toBe(null)
  })
})
