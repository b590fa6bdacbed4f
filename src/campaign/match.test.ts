import { describe, expect, it } from 'vitest'
import { createMatcher, type EntryCandidate } from './match.ts'
import { campaignSchema } from './model.ts'

let version = 0
/** A live campaign with one step; `more` is what the test is about. */
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
const facts = (more: Partial<EntryCandidate> = {}): EntryCandidate => ({
  event: 'subscribe',
  qrScene: null,
  eventKey: null,
  text: null,
  ...more,
})
const said = (text: string) => facts({ event: 'message', text })
const entered = (campaigns: ReturnType<typeof live>[], what: EntryCandidate, appId = 'wx1') =>
  createMatcher(campaigns).entry(appId, what)?.campaign.id ?? null

describe('several campaigns that match one follow', () => {
  it('the highest priority starts', () => {
    expect(entered([live('a'), live('z', { priority: 1 }), live('b', { priority: -5 })], facts())).toBe('z')
  })

  it('among equals the smallest id starts, wherever it stands in the list', () => {
    expect(entered([live('c'), live('a'), live('b')], facts())).toBe('a')
    expect(entered([live('a-2'), live('a-10')], facts())).toBe('a-10')
  })

  it('a higher one that does not match lets the next one start', () => {
    const expo = live('expo', { priority: 10, entry: { event: 'subscribe', qrScenes: ['expo*'] } })
    const welcome = live('welcome')
    expect(entered([welcome, expo], facts())).toBe('welcome')
    expect(entered([welcome, expo], facts({ qrScene: 'expo-3' }))).toBe('expo')
  })

  it('gives the version that is live, and leaves the caller’s list as it is', () => {
    const list = [live('b'), live('a')]
    expect(createMatcher(list).entry('wx1', facts())).toBe(list[1])
    expect(list.map((l) => l.campaign.id)).toEqual(['b', 'a'])
  })
})

describe('the account of a campaign', () => {
  it('is every account when the file names none', () => {
    expect(entered([live('a')], facts(), 'wx-any')).toBe('a')
  })

  it('is one of those that the file names', () => {
    const one = live('a', { accounts: ['wx1', 'wx2'] })
    expect(entered([one], facts(), 'wx2')).toBe('a')
    expect(entered([one], facts(), 'wx3')).toBeNull()
  })
})

describe('the kind of entry', () => {
  const kinds = ['subscribe', 'scan', 'click', 'message'] as const
  it.each(kinds)('%s starts only its own campaign', (event) => {
    const all = kinds.map((kind) => live(kind, { entry: { event: kind } }))
    expect(entered(all, facts({ event, text: 'hi' }))).toBe(event)
    const others = all.filter((one) => one.campaign.id !== event)
    expect(entered(others, facts({ event, text: 'hi' }))).toBeNull()
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
    expect(entered([byKey], facts({ event: 'click', eventKey }))).toBe(expected),
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
    expect(entered([byScene], facts({ event: 'scan', qrScene }))).toBe(expected),
  )

  it('a lone star matches any scene, but not a follow without one', () => {
    const any = live('any', { entry: { event: 'subscribe', qrScenes: ['*'] } })
    expect(entered([any], facts({ qrScene: 'x' }))).toBe('any')
    expect(entered([any], facts())).toBeNull()
  })

  it('a star in the middle is a plain character', () => {
    const odd = live('odd', { entry: { event: 'click', keys: ['a*b'] } })
    expect(entered([odd], facts({ event: 'click', eventKey: 'a*b' }))).toBe('odd')
    expect(entered([odd], facts({ event: 'click', eventKey: 'axb' }))).toBeNull()
  })

  it('a scene and a key must both match', () => {
    const both = live('both', { entry: { event: 'scan', qrScenes: ['s'], keys: ['k'] } })
    expect(entered([both], facts({ event: 'scan', qrScene: 's', eventKey: 'k' }))).toBe('both')
    expect(entered([both], facts({ event: 'scan', qrScene: 's', eventKey: 'x' }))).toBeNull()
    expect(entered([both], facts({ event: 'scan', qrScene: 'x', eventKey: 'k' }))).toBeNull()
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
  ])('%j enters %j', (text, expected) => expect(entered([course], said(text))).toBe(expected))

  it('a keyword without a visible character matches no message', () => {
    const invisible = live('invisible', { entry: { event: 'message', keywords: ['\u200b'] } })
    for (const text of ['', ' ', '\u200b']) expect(entered([invisible], said(text))).toBeNull()
    expect(entered([invisible], facts({ event: 'message' }))).toBeNull()
  })

  it('a picture has no text and matches none', () => {
    expect(entered([course], facts({ event: 'message' }))).toBeNull()
  })

  it('without keywords any message enters, a picture too', () => {
    const any = live('any', { entry: { event: 'message' } })
    expect(entered([any], said('whatever'))).toBe('any')
    expect(entered([any], facts({ event: 'message' }))).toBe('any')
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
  ])('%s hears %j: %s', (appId, text, exit) =>
    expect(createMatcher(campaigns).isExit(appId, text)).toBe(exit),
  )

  it('that has nothing visible is none', () => {
    const odd = createMatcher([live('odd', { exit: { keywords: ['\u200b'] } })])
    for (const text of ['', ' ', '\u200b', 'TD']) expect(odd.isExit('wx1', text)).toBe(false)
  })
})
