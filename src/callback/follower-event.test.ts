import { describe, expect, it } from 'vitest'
import { parseInbound } from '../wechat/callback/events.ts'
import { toFollowerEvent } from './follower-event.ts'

const common = { ToUserName: 'gh_test', FromUserName: 'oTest', CreateTime: '1795420800' }
const event = (Event: string, more: Record<string, string> = {}) =>
  parseInbound({ ...common, MsgType: 'event', Event, ...more })
const message = (MsgType: string, more: Record<string, string> = {}) =>
  parseInbound({ ...common, MsgType, MsgId: '1', ...more })

const NOTHING = { text: null, qrScene: null, eventKey: null }

describe('the follower event of a callback', () => {
  it.each([
    ['a follow', event('subscribe'), { ...NOTHING, kind: 'subscribe', scene: 'subscribe', eventKey: '' }],
    [
      'a follow through a QR code',
      event('subscribe', { EventKey: 'qrscene_expo' }),
      { ...NOTHING, kind: 'subscribe', scene: 'subscribe', qrScene: 'expo', eventKey: 'qrscene_expo' },
    ],
    [
      'a scan',
      event('SCAN', { EventKey: 'expo' }),
      { ...NOTHING, kind: 'scan', scene: 'scan', qrScene: 'expo', eventKey: 'expo' },
    ],
    [
      'a menu click',
      event('CLICK', { EventKey: 'gift' }),
      { ...NOTHING, kind: 'click', scene: 'menu', eventKey: 'gift' },
    ],
    [
      'a code scanned from the menu',
      event('scancode_waitmsg', { EventKey: 'ticket' }),
      { ...NOTHING, kind: 'scancode_waitmsg', scene: 'menu', eventKey: 'ticket' },
    ],
    [
      'a typed text',
      message('text', { Content: '1' }),
      { ...NOTHING, kind: 'text', scene: 'message', text: '1' },
    ],
    [
      'a tapped menu message, which counts as a menu click',
      message('text', { Content: 'yes', bizmsgmenuid: '101' }),
      { ...NOTHING, kind: 'text', scene: 'menu', text: 'yes', eventKey: '101' },
    ],
    ['a picture', message('image'), { ...NOTHING, kind: 'image', scene: 'message' }],
    ['a voice', message('voice'), { ...NOTHING, kind: 'voice', scene: 'message' }],
    ['a location', message('location'), { ...NOTHING, kind: 'location', scene: 'message' }],
    ['an unfollow', event('unsubscribe'), { ...NOTHING, kind: 'unsubscribe', scene: null }],
    [
      'a session with a human agent that begins',
      event('kf_create_session', { KfAccount: 'a@b' }),
      { ...NOTHING, kind: 'kf_create_session', scene: null },
    ],
    [
      'a session with a human agent that ends',
      event('kf_close_session', { KfAccount: 'a@b' }),
      { ...NOTHING, kind: 'kf_close_session', scene: null },
    ],
    [
      'a human agent who transfers the session to another',
      event('kf_switch_session'),
      { ...NOTHING, kind: 'kf_switch_session', scene: null },
    ],
  ])('exists for %s', (_, inbound, expected) => {
    expect(toFollowerEvent(inbound)).toEqual(expected)
  })

  it.each([
    ['a link opened from the menu', event('VIEW', { EventKey: 'https://example.com' })],
    ['a mini program opened from the menu', event('view_miniprogram', { EventKey: 'pages/index' })],
    ['a picture taken from the menu', event('pic_sysphoto', { EventKey: 'photo' })],
    ['a location chosen from the menu', event('location_select', { EventKey: 'place' })],
    ['a location report', event('LOCATION', { Latitude: '1', Longitude: '2', Precision: '3' })],
    ['a template message that arrived', event('TEMPLATESENDJOBFINISH', { MsgID: '1', Status: 'success' })],
    ['a card event', event('card_pass_check')],
    ['an unknown event', event('brand_new_event')],
  ])('does not exist for %s', (_, inbound) => {
    expect(toFollowerEvent(inbound)).toBeNull()
  })
})

describe('the key of an event', () => {
  it('is the menu key, the tapped item of a menu message, or null', () => {
    expect(toFollowerEvent(event('CLICK', { EventKey: 'gift' }))?.eventKey).toBe('gift')
    expect(toFollowerEvent(message('text', { Content: 'yes', bizmsgmenuid: '101' }))?.eventKey).toBe('101')
    expect(toFollowerEvent(message('text', { Content: 'yes' }))?.eventKey).toBeNull()
    expect(toFollowerEvent(message('image'))?.eventKey).toBeNull()
  })
})
