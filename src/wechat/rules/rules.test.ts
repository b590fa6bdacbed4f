import { describe, expect, it } from 'vitest'
import { allowanceOf, RULES, type Scene, sceneOf } from './rules.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('the rules profile wechat-2023', () => {
  it.each<[Scene, { quota: number; lifetimeMs: number } | null]>([
    ['subscribe', { quota: 3, lifetimeMs: MINUTE }],
    ['menu', { quota: 3, lifetimeMs: MINUTE }],
    ['scan', { quota: 3, lifetimeMs: MINUTE }],
    ['message', { quota: 5, lifetimeMs: 48 * HOUR }],
    ['pay', null],
  ])('allows after %s: %o', (scene, allowance) => {
    expect(allowanceOf('wechat-2023', scene)).toEqual(allowance)
  })

  it('is the only profile without an end', () => {
    const inForce = Object.values(RULES).filter((r) => r.until === null)
    expect(inForce.map((r) => r.name)).toEqual(['wechat-2023'])
  })
})

describe('the rules profile classic-48h', () => {
  it.each<Scene>(['subscribe', 'menu', 'scan', 'message', 'pay'])(
    'is 20 messages in 48 h after %s',
    (scene) => {
      expect(allowanceOf('classic-48h', scene)).toEqual({ quota: 20, lifetimeMs: 48 * HOUR })
    },
  )
})

describe('a callback', () => {
  it.each<[string, Scene | null]>([
    ['subscribe', 'subscribe'],
    ['scan', 'scan'],
    ['click', 'menu'],
    ['scancode_push', 'menu'],
    ['scancode_waitmsg', 'menu'],
    ['text', 'message'],
    ['image', 'message'],
    ['voice', 'message'],
    ['video', 'message'],
    ['shortvideo', 'message'],
    ['location', 'message'],
    ['link', 'message'],
    ['file', 'message'],
    ['other_message', 'message'],
    ['view', null],
    ['view_miniprogram', null],
    ['pic_sysphoto', null],
    ['pic_photo_or_album', null],
    ['pic_weixin', null],
    ['location_select', null],
    ['location_report', null],
    ['unsubscribe', null],
    ['template_send_finished', null],
    ['mass_send_finished', null],
    ['subscribe_msg_popup', null],
    ['kf_create_session', null],
    ['ignored', null],
    ['unknown', null],
  ])('of kind %s has the scene %s', (kind, scene) => {
    expect(sceneOf({ kind })).toBe(scene)
  })

  it('with a text is a message, unless it is a tap on a menu message', () => {
    expect(sceneOf({ kind: 'text', bizmsgmenuid: null })).toBe('message')
    expect(sceneOf({ kind: 'text', bizmsgmenuid: '101' })).toBe('menu')
  })
})

describe('a profile', () => {
  it.each([
    ['wechat-2023', '2023-06-12', null],
    ['classic-48h', '2017-01-01', '2021-05-31'],
  ] as const)('has its name and the days on which WeChat applied it: %s', (name, since, until) => {
    expect(RULES[name]).toMatchObject({ name, since, until })
  })
})

describe('a menu id', () => {
  it('makes a click of a text only', () => {
    expect(sceneOf({ kind: 'image', bizmsgmenuid: '101' })).toBe('message')
  })
})
