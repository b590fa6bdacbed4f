import { describe, expect, it } from 'vitest'
import type { FollowerEvent } from '../run/follower-event.ts'
import type { EntryName } from '../run/plan.ts'
import { sceneOfEntry } from './event-index.ts'
import { createMatcher } from './match.ts'
import { campaignSchema } from './model.ts'

let version = 0
/** A live campaign with one step and the fields `more`. */
const live = (id: string, more: Record<string, unknown> = {}) => ({
  campaign: campaignSchema.parse({
    id,
    name: id,
    entry: { event: 'subscribe' },
    steps: [{ id: 'hello', after: '1s', send: { text: 'hi' } }],
    ...more,
  }),
  version: ++version,
})
/** An event with the scene of an entry. */
const eventOf = (entry: EntryName, more: Partial<FollowerEvent> = {}): FollowerEvent => ({
  kind: entry,
  scene: sceneOfEntry(entry),
  qrScene: null,
  eventKey: null,
  text: null,
  ...more,
})
const follow = (more: Partial<FollowerEvent> = {}) => eventOf('subscribe', more)
const typed = (text: string) => eventOf('message', { text })
const entered = (campaigns: ReturnType<typeof live>[], event: FollowerEvent, appId = 'wx1') =>
  createMatcher(campaigns).entry(appId, event)?.campaign.id ?? null

describe('several campaigns that match one follow', () => {
  it('start the one with the highest priority', () => {
    expect(entered([live('a'), live('z', { priority: 1 }), live('b', { priority: -5 })], follow())).toBe('z')
  })

  it('start the one with the smallest id among equal priorities, in any order of the list', () => {
    expect(entered([live('c'), live('a'), live('b')], follow())).toBe('a')
    expect(entered([live('a-2'), live('a-10')], follow())).toBe('a-10')
  })

  it('do not include a campaign of a higher priority that does not match', () => {
    const expo = live('expo', { priority: 10, entry: { event: 'subscribe', qrScenes: ['expo*'] } })
    const welcome = live('welcome')
    expect(entered([welcome, expo], follow())).toBe('welcome')
    expect(entered([welcome, expo], follow({ qrScene: 'expo-3' }))).toBe('expo')
  })

  it('start the live version, and the list of the caller stays unchanged', () => {
    const list = [live('b'), live('a')]
    expect(createMatcher(list).entry('wx1', follow())).toBe(list[1])
    expect(list.map((l) => l.campaign.id)).toEqual(['b', 'a'])
  })
})

describe('the account of a campaign', () => {
  it('is every account when the file names none', () => {
    expect(entered([live('a')], follow(), 'wx-any')).toBe('a')
  })

  it('is one of the accounts that the file names', () => {
    const named = live('a', { accounts: ['wx1', 'wx2'] })
    expect(entered([named], follow(), 'wx2')).toBe('a')
    expect(entered([named], follow(), 'wx3')).toBeNull()
  })
})

describe('the kind of entry', () => {
  const kinds = ['subscribe', 'scan', 'click', 'message'] as const
  it.each(kinds)('%s starts only its own campaign', (event) => {
    const all = kinds.map((kind) => live(kind, { entry: { event: kind } }))
    expect(entered(all, eventOf(event, { text: 'hi' }))).toBe(event)
    const others = all.filter(({ campaign }) => campaign.id !== event)
    expect(entered(others, eventOf(event, { text: 'hi' }))).toBeNull()
  })
})

describe('keys and scenes', () => {
  const byKey = live('a', { entry: { event: 'click', keys: ['buy', 'help-*'] } })
  it.each([
    ['buy', 'a'],
    ['help-', 'a'],
    ['help-me', 'a'],
    ['Buy', null],
    ['buyer', null],
    ['xhelp-me', null],
    ['help', null],
    [null, null],
  ])('key %j enters %j', (eventKey, expected) =>
    expect(entered([byKey], eventOf('click', { eventKey }))).toBe(expected),
  )

  const byScene = live('b', { entry: { event: 'scan', qrScenes: ['expo', 'shop*', 2025] } })
  it.each([
    ['expo', 'b'],
    ['expo-1', null],
    ['shop-1', 'b'],
    ['2025', 'b'],
    ['', null],
    [null, null],
  ])('scene %j enters %j', (qrScene, expected) =>
    expect(entered([byScene], eventOf('scan', { qrScene }))).toBe(expected),
  )

  it('a lone * matches any scene, but not a follow without a scene', () => {
    const any = live('any', { entry: { event: 'subscribe', qrScenes: ['*'] } })
    expect(entered([any], follow({ qrScene: 'x' }))).toBe('any')
    expect(entered([any], follow())).toBeNull()
  })

  it('a * in the middle is a plain character', () => {
    const odd = live('odd', { entry: { event: 'click', keys: ['a*b'] } })
    expect(entered([odd], eventOf('click', { eventKey: 'a*b' }))).toBe('odd')
    expect(entered([odd], eventOf('click', { eventKey: 'axb' }))).toBeNull()
  })

  it('a scene and a key must both match', () => {
    const both = live('both', { entry: { event: 'scan', qrScenes: ['s'], keys: ['k'] } })
    expect(entered([both], eventOf('scan', { qrScene: 's', eventKey: 'k' }))).toBe('both')
    expect(entered([both], eventOf('scan', { qrScene: 's', eventKey: 'x' }))).toBeNull()
    expect(entered([both], eventOf('scan', { qrScene: 'x', eventKey: 'k' }))).toBeNull()
  })
})

describe('entry keywords', () => {
  const course = live('course', { entry: { event: 'message', keywords: ['课程', 'Course', 1] } })
  it.each([
    ['课程', 'course'],
    [' 课程　', 'course'],
    ['COURSE', 'course'],
    ['ｃｏｕｒｓｅ', 'course'],
    ['c\u2006ourse', 'course'],
    ['课程\u200b。', 'course'],
    ['【课程】', 'course'],
    ['课程？', null],
    ['\u200b', null],
    ['１', 'course'],
    ['课程表', null],
    ['my course', null],
    ['', null],
  ])('%j enters %j', (text, expected) => expect(entered([course], typed(text))).toBe(expected))

  it('without a visible character do not match anything', () => {
    const invisible = live('invisible', { entry: { event: 'message', keywords: ['\u200b'] } })
    for (const text of ['', ' ', '\u200b']) expect(entered([invisible], typed(text))).toBeNull()
    expect(entered([invisible], eventOf('message'))).toBeNull()
  })

  it('do not match a picture, which has no text', () => {
    expect(entered([course], eventOf('message'))).toBeNull()
  })

  it('do not match the text of a tapped menu message, which is not typed', () => {
    const clicks = live('clicks', { entry: { event: 'click', keywords: ['课程'] } })
    expect(entered([course, clicks], eventOf('click', { text: '课程' }))).toBeNull()
  })

  it('may be absent: then any message enters, a picture too', () => {
    const any = live('any', { entry: { event: 'message' } })
    expect(entered([any], typed('whatever'))).toBe('any')
    expect(entered([any], eventOf('message'))).toBe('any')
  })
})

describe('exit keywords', () => {
  const campaigns = [
    live('a', { accounts: ['wx1'], exit: { keywords: ['TD'] } }),
    live('b', { accounts: ['wx2'], exit: { keywords: ['退订'] } }),
    live('c'),
  ]
  it.each([
    ['wx1', ' ｔｄ ', true],
    ['wx1', '退订', false],
    ['wx2', '退订', true],
    ['wx2', 'td', false],
    ['wx1', 'td please', false],
    ['wx1', '', false],
    ['wx1', 'T\u2006D', true],
    ['wx2', '退订\u200b！', true],
    ['wx2', '退订吗', false],
  ])('of account %s: %j is one: %s', (appId, text, exit) =>
    expect(createMatcher(campaigns).isExit(appId, text)).toBe(exit),
  )

  it('without a visible character do not match anything', () => {
    const odd = createMatcher([live('odd', { exit: { keywords: ['\u200b'] } })])
    for (const text of ['', ' ', '\u200b', 'TD']) expect(odd.isExit('wx1', text)).toBe(false)
  })
})

describe('an entry by tags', () => {
  const campaigns = [
    live('any', { entry: { event: 'tag' }, accounts: ['wx2'] }),
    live('gold', { entry: [{ event: 'subscribe' }, { tags: ['金卡', '银卡'] }] }),
    live('first', { entry: { tags: ['金卡'] }, priority: 1, accounts: ['wx1'] }),
  ]
  const tagged = (appId: string, ...tags: string[]) =>
    createMatcher(campaigns).tagged(appId, tags)?.campaign.id ?? null

  it.each([
    ['wx1', ['x', '金卡'], 'first'],
    ['wx1', ['银卡'], 'gold'],
    ['wx1', ['x'], null],
    ['wx1', [], null],
    ['wx2', ['x'], 'any'],
    ['wx3', ['金卡'], 'gold'],
  ])('for %s by %j: %j', (appId, tags, expected) => expect(tagged(appId, ...tags)).toBe(expected))
})

describe('an entry with several events', () => {
  const several = live('a', {
    entry: [
      { event: 'subscribe', qrScenes: ['expo*'] },
      { keywords: ['价格'], match: 'contains' },
      { keywords: ['打卡'], match: 'prefix' },
      { keys: ['buy'] },
    ],
  })
  it.each([
    ['a follow by its code', follow({ qrScene: 'expo-1' }), 'a'],
    ['a follow by another code', follow({ qrScene: 'shop' }), null],
    ['a text with the word', typed('请问价格是多少'), 'a'],
    ['a text that begins with the word', typed('打卡 第二天'), 'a'],
    ['a text with that word elsewhere', typed('我要打卡'), null],
    ['a tap', eventOf('click', { eventKey: 'buy' }), 'a'],
    ['a tap with a text that is not typed', eventOf('click', { eventKey: 'x', text: '价格' }), null],
  ])('begins with %s: %j', (_, event, expected) => expect(entered([several], event)).toBe(expected))

  it('never begins with an event that is no interaction', () => {
    const recall = live('r', { entry: { event: 'window-closing', before: '2h' } })
    expect(entered([recall], typed('hi'))).toBeNull()
    expect(createMatcher([recall, several]).tagged('wx1', ['vip'])).toBeNull()
    const closing = createMatcher([recall, several]).closing()
    expect(closing.map((c) => [c.candidate.campaign.id, c.beforeMs, c.serves('wx1')])).toEqual([
      ['r', 2 * 3_600_000, true],
    ])
  })
})
