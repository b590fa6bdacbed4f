import { describe, expect, it } from 'vitest'
import { messageOfStep } from './items.ts'
import { isUpload, type MediaRef, mediaRefs, renderMessage, renderPassiveReply } from './message.ts'
import { kindOf, MESSAGE_KINDS, type Message, type Reply } from './message-model.ts'
import { campaignSchema } from './model.ts'
import type { TemplateVariables } from './template/template.ts'

const variables: TemplateVariables = {
  account: { name: '小店', appId: 'wx1' },
  qrScene: 'expo',
  entry: { at: '2026-01-01T08:00:00', event: 'subscribe', key: '' },
  reply: { text: '1' },
  follower: { tags: '', subscribeScene: '' },
  daysSinceEntry: 1,
  daysSinceReply: 0,
}
/** A media_id for each upload, with the kind that it is uploaded as. */
const atWechat = (ref: MediaRef) => `${ref.type}:${ref.id}`

/** The message of a checked file. */
function messageOf(send: Record<string, unknown>): Message {
  const base = { id: 'a', name: 'a', entry: { event: 'subscribe' } }
  const message = messageOfStep(campaignSchema.parse({ ...base, steps: [{ id: 's', send }] }), 's')
  if (!message) throw new Error('no step')
  return message
}
function replyOf(reply: Record<string, unknown>): Reply {
  const base = { id: 'a', name: 'a', entry: { event: 'subscribe' } }
  const steps = [{ id: 's', after: '1s', send: { text: 'x' } }]
  const parsed = campaignSchema.parse({ ...base, steps, reply }).reply
  if (!parsed) throw new Error('no reply')
  return parsed
}

const messages: [Record<string, unknown>, Record<string, unknown>][] = [
  [{ text: '{{ account.name }} 提醒您' }, { msgtype: 'text', text: { content: '小店 提醒您' } }],
  [{ image: { mediaId: 'm1' } }, { msgtype: 'image', image: { media_id: 'm1' } }],
  [{ image: { file: 'sha256-a' } }, { msgtype: 'image', image: { media_id: 'image:sha256-a' } }],
  [{ voice: { mediaId: 'm2' } }, { msgtype: 'voice', voice: { media_id: 'm2' } }],
  [{ voice: { file: 'sha256-b' } }, { msgtype: 'voice', voice: { media_id: 'voice:sha256-b' } }],
  [
    { video: { file: 'sha256-c', thumb: 'sha256-d', title: '{{ qrScene }}', description: '看' } },
    {
      msgtype: 'video',
      video: {
        media_id: 'video:sha256-c',
        thumb_media_id: 'thumb:sha256-d',
        title: 'expo',
        description: '看',
      },
    },
  ],
  [
    { video: { mediaId: 'm3', thumb: 'm4' } },
    { msgtype: 'video', video: { media_id: 'm3', thumb_media_id: 'm4', title: '', description: '' } },
  ],
  [
    {
      music: {
        title: '{{ account.name }}',
        description: '听',
        url: 'https://a/{{ qrScene }}',
        hqUrl: 'https://b/{{ qrScene }}',
        thumb: 'm5',
      },
    },
    {
      msgtype: 'music',
      music: {
        title: '小店',
        description: '听',
        musicurl: 'https://a/expo',
        hqmusicurl: 'https://b/expo',
        thumb_media_id: 'm5',
      },
    },
  ],
  [
    { music: { title: '歌', description: '听', url: 'https://a', thumb: 'sha256-e' } },
    {
      msgtype: 'music',
      music: {
        title: '歌',
        description: '听',
        musicurl: 'https://a',
        hqmusicurl: 'https://a',
        thumb_media_id: 'thumb:sha256-e',
      },
    },
  ],
  [
    {
      news: {
        title: '{{ qrScene }} 资料',
        description: '指南',
        url: 'https://a?s={{ qrScene }}',
        picurl: 'https://p/{{ qrScene }}.png',
      },
    },
    {
      msgtype: 'news',
      news: {
        articles: [
          { title: 'expo 资料', description: '指南', url: 'https://a?s=expo', picurl: 'https://p/expo.png' },
        ],
      },
    },
  ],
  [
    {
      menu: {
        head: '{{ account.name }} 问您',
        items: [
          { id: 'a', text: '入门 {{ qrScene }}' },
          { id: 'b', text: '专业' },
        ],
        tail: '点选即可',
      },
    },
    {
      msgtype: 'msgmenu',
      msgmenu: {
        head_content: '小店 问您',
        list: [
          { id: 'a', content: '入门 expo' },
          { id: 'b', content: '专业' },
        ],
        tail_content: '点选即可',
      },
    },
  ],
  [
    { menu: { head: '问', items: [{ id: 'a', text: '好' }] } },
    {
      msgtype: 'msgmenu',
      msgmenu: { head_content: '问', list: [{ id: 'a', content: '好' }], tail_content: '' },
    },
  ],
  [
    { miniprogram: { title: '商城', appId: 'wxmini', path: 'p?s={{ qrScene }}', thumb: 'sha256-f' } },
    {
      msgtype: 'miniprogrampage',
      miniprogrampage: {
        title: '商城',
        appid: 'wxmini',
        pagepath: 'p?s=expo',
        thumb_media_id: 'thumb:sha256-f',
      },
    },
  ],
  [{ article: { id: 'art-1' } }, { msgtype: 'mpnewsarticle', mpnewsarticle: { article_id: 'art-1' } }],
  [{ card: { id: 'card-1' } }, { msgtype: 'wxcard', wxcard: { card_id: 'card-1' } }],
]

describe('the message of a step as the body of custom/send', () => {
  it.each(messages)('%j', (send, body) => {
    expect(renderMessage(messageOf(send), variables, atWechat)).toEqual(body)
  })

  it('is tested here for every kind of message', () => {
    const shown = new Set(messages.map(([send]) => kindOf(messageOf(send))))
    expect([...shown].sort()).toEqual([...MESSAGE_KINDS].sort())
  })

  it.each(messages)('%j may name a customer-service account', (send, body) => {
    expect(renderMessage(messageOf({ ...send, as: 'anna@shop' }), variables, atWechat)).toEqual({
      ...body,
      customservice: { kf_account: 'anna@shop' },
    })
  })

  it('cannot be rendered while its medium is not at WeChat', () => {
    const missing = () => {
      throw new Error('not uploaded')
    }
    expect(() => renderMessage(messageOf({ image: { file: 'sha256-a' } }), variables, missing)).toThrow(
      'not uploaded',
    )
    expect(() => renderMessage(messageOf({ image: { mediaId: 'm1' } }), variables, missing)).not.toThrow()
  })
})

describe('the uploads that a message needs', () => {
  it.each<[Record<string, unknown>, MediaRef[]]>([
    [{ text: 'sha256-a' }, []],
    [{ image: { file: 'sha256-a' } }, [{ id: 'sha256-a', type: 'image' }]],
    [{ image: { mediaId: 'm1' } }, []],
    [{ voice: { file: 'sha256-b' } }, [{ id: 'sha256-b', type: 'voice' }]],
    [
      { video: { file: 'sha256-c', thumb: 'sha256-d' } },
      [
        { id: 'sha256-c', type: 'video' },
        { id: 'sha256-d', type: 'thumb' },
      ],
    ],
    [{ video: { mediaId: 'm3', thumb: 'm4' } }, []],
    [
      { music: { title: 'a', description: 'b', url: 'c', thumb: 'sha256-e' } },
      [{ id: 'sha256-e', type: 'thumb' }],
    ],
    [
      { miniprogram: { title: 'a', appId: 'b', path: 'c', thumb: 'sha256-f' } },
      [{ id: 'sha256-f', type: 'thumb' }],
    ],
  ])('%j', (send, refs) => expect(mediaRefs(messageOf(send))).toEqual(refs))

  it('have ids that begin with the name of the hash', () => {
    expect(isUpload('sha256-abc')).toBe(true)
    expect(isUpload('MEDIA_ID_sha256')).toBe(false)
  })
})

describe('the passive reply of a campaign', () => {
  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{ text: '欢迎关注 {{ account.name }}' }, { kind: 'text', content: '欢迎关注 小店' }],
    [{ image: { file: 'sha256-a' } }, { kind: 'image', mediaId: 'image:sha256-a' }],
    [{ voice: { mediaId: 'm2' } }, { kind: 'voice', mediaId: 'm2' }],
    [
      { video: { file: 'sha256-c', thumb: 'm4', title: '{{ qrScene }}' } },
      { kind: 'video', mediaId: 'video:sha256-c', title: 'expo', description: '' },
    ],
    [
      { music: { title: '歌', description: '听', url: 'https://a/{{ qrScene }}', thumb: 'sha256-e' } },
      {
        kind: 'music',
        title: '歌',
        description: '听',
        musicUrl: 'https://a/expo',
        hqMusicUrl: 'https://a/expo',
        thumbMediaId: 'thumb:sha256-e',
      },
    ],
    [
      { news: { title: '资料', description: '指南', url: 'https://a?s={{ qrScene }}', picurl: 'https://p' } },
      {
        kind: 'news',
        articles: [{ title: '资料', description: '指南', picUrl: 'https://p', url: 'https://a?s=expo' }],
      },
    ],
  ])('%j', (reply, rendered) => {
    expect(renderPassiveReply(replyOf(reply), variables, atWechat)).toEqual(rendered)
  })
})
