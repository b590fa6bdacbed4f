import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LiveCampaign } from '../../campaign/match.ts'
import { type Campaign, campaignSchema } from '../../campaign/model.ts'
import type { Account } from '../../store/accounts/account.ts'
import type { AccountStore } from '../../store/accounts/account-store.ts'
import type { CampaignStore, CampaignVersion } from '../../store/campaigns/campaign-store.ts'
import { type Inbound, parseInbound } from '../../wechat/callback/events.ts'
import type { ReceivingAccount } from '../callback-deps.ts'
import { toFollowerEvent } from '../follower-event.ts'
import { type ConfigCache, createConfigCache } from './config-cache.ts'

afterEach(() => vi.restoreAllMocks())

const APP = 'wxtest0000000001'
const T0 = Date.parse('2026-11-23T08:00:00Z')
const step = { id: 'hint', after: '20s', send: { text: '还在吗？' } }

function campaign(id: string, more: Record<string, unknown> = {}): Campaign {
  return campaignSchema.parse({ id, name: id, entry: { event: 'subscribe' }, steps: [step], ...more })
}

function account(appId: string, more: Partial<Account> = {}): Account {
  return {
    appId,
    name: '测试账号',
    kind: 'owned',
    mode: 'plain',
    rules: 'wechat-2023',
    onUnknown: 'retry',
    timezone: 'Asia/Shanghai',
    apiBase: null,
    humanAgents: false,
    cap: null,
    quietHours: null,
    appSecret: 'test-secret',
    refreshToken: null,
    previousToken: null,
    previousTokenUntil: null,
    previousAesKey: null,
    previousAesKeyUntil: null,
    authorisationAt: null,
    permissions: null,
    token: 'test-token',
    encodingAesKey: null,
    state: 'active',
    stateReason: null,
    stateSince: T0,
    stateUntil: null,
    variables: {},
    verified: null,
    refusedKinds: [],
    sendQuota: null,
    forward: null,
    optOut: null,
    keepTexts: null,
    lastCallbackAt: null,
    createdAt: T0,
    updatedAt: T0,
    ...more,
  }
}

/** The match of a callback, as the callback app computes it. */
function matchInbound(cache: ConfigCache, account: ReceivingAccount, inbound: Inbound) {
  const followerEvent = toFollowerEvent(inbound)
  if (!followerEvent) return { start: null, reply: null }
  return cache.match(account, followerEvent, inbound.createTime * 1000, inbound.openId)
}

const common = { ToUserName: 'gh_test', FromUserName: 'oTest', CreateTime: String(T0 / 1000) }
const event = (Event: string, EventKey = '') => parseInbound({ ...common, MsgType: 'event', Event, EventKey })
const typed = (Content: string, more = {}) =>
  parseInbound({ ...common, MsgType: 'text', MsgId: '1', Content, ...more })
const picture = () => parseInbound({ ...common, MsgType: 'image', MsgId: '1' })

/** A cache over stores that a test fills. `published` and `registered` may change between reloads. */
function cacheOf(campaigns: Campaign[], more: { accounts?: Account[]; media?: Record<string, string> } = {}) {
  const registered = more.accounts ?? [account(APP)]
  const published: LiveCampaign[] = campaigns.map((c) => ({ campaign: c, version: 3 }))
  const calls: string[] = []
  const warnings: string[] = []
  const failure: { next: Error | null } = { next: null }
  const accounts: Pick<AccountStore, 'list' | 'find' | 'appIds'> = {
    async list() {
      calls.push('list')
      if (failure.next) throw failure.next
      return [...registered]
    },
    async appIds() {
      calls.push('appIds')
      return registered.map((a) => a.appId)
    },
    async find(appId) {
      calls.push(`find ${appId}`)
      return registered.find((a) => a.appId === appId) ?? null
    },
  }
  const store: Pick<CampaignStore, 'live' | 'version'> = {
    live: async () => ({ live: [...published], broken: [] }),
    async version(id, version) {
      const found = published.find((p) => p.campaign.id === id && p.version === version)
      const row: Partial<CampaignVersion> = { id, version, model: found?.campaign }
      return found ? (row as CampaignVersion) : null
    },
  }
  const cache = createConfigCache({
    // The cache reads only these parts of the stores.
    accounts: accounts as AccountStore,
    campaigns: store as CampaignStore,
    mediaId: (_, type, id) => more.media?.[`${type} ${id}`] ?? null,
    now: () => T0,
    log: pino({ base: undefined }, { write: (line: string) => warnings.push(line) }),
  })
  return { cache, registered, published, calls, warnings, failure }
}

async function matching(campaigns: Campaign[], more: Parameters<typeof cacheOf>[1] = {}) {
  const made = cacheOf(campaigns, more)
  await made.cache.reload()
  const [receiver = account(APP)] = made.registered
  return { ...made, match: (inbound: Inbound) => matchInbound(made.cache, receiver, inbound) }
}

describe('the campaign that an event enters', () => {
  const everyWay = [
    campaign('follows'),
    campaign('scans', { entry: { event: 'scan', qrScenes: ['expo-*'] } }),
    campaign('clicks', { entry: { event: 'click', keys: ['gift'] } }),
    campaign('asks', { entry: { event: 'message', keywords: ['课程'] } }),
  ]

  it.each([
    ['a follow', event('subscribe'), { campaign: 'follows', version: 3, event: 'subscribe' }],
    ['a scan', event('SCAN', 'expo-7'), { campaign: 'scans', version: 3, event: 'scan' }],
    ['a menu click', event('CLICK', 'gift'), { campaign: 'clicks', version: 3, event: 'click' }],
    [
      'a code scanned from the menu',
      event('scancode_push', 'gift'),
      { campaign: 'clicks', version: 3, event: 'click' },
    ],
    [
      'a tapped menu message',
      typed('yes', { bizmsgmenuid: 'gift' }),
      { campaign: 'clicks', version: 3, event: 'click' },
    ],
    ['a keyword', typed(' 课程 '), { campaign: 'asks', version: 3, event: 'message' }],
  ])('%s', async (_, inbound, start) => {
    const { match } = await matching(everyWay)
    expect(match(inbound)).toEqual({ start, reply: null })
  })

  it.each([
    ['a scan of another code', event('SCAN', 'shop')],
    ['another menu key', event('CLICK', 'help')],
    ['a tapped menu message whose text is a keyword', typed('课程', { bizmsgmenuid: 'other' })],
    ['another text', typed('课程？')],
    ['a picture', picture()],
    ['a link opened from the menu', event('VIEW', 'gift')],
    ['an unfollow', event('unsubscribe')],
  ])('is none for %s', async (_, inbound) => {
    const { match } = await matching(everyWay)
    expect(match(inbound)).toEqual({ start: null, reply: null })
  })

  it('has the highest priority, then the smallest id', async () => {
    const { match } = await matching([campaign('b'), campaign('a'), campaign('z', { priority: 5 })])
    expect(match(event('subscribe')).start?.campaign).toBe('z')
    const equal = await matching([campaign('b'), campaign('a')])
    expect(equal.match(event('subscribe')).start?.campaign).toBe('a')
  })

  it('is none when the campaign serves other accounts', async () => {
    const { match } = await matching([campaign('a', { accounts: ['wxother000000001'] })])
    expect(match(event('subscribe')).start).toBeNull()
  })
})

describe('the passive reply', () => {
  it('is the reply of the campaign, with the account and the entry in it', async () => {
    const text = '欢迎来到 {{ account.name }}，场景 {{ qrScene }}'
    const { match } = await matching([campaign('a', { reply: { text } })])
    expect(match(event('subscribe', 'qrscene_expo')).reply).toEqual({
      kind: 'text',
      content: '欢迎来到 测试账号，场景 expo',
    })
  })

  it('can quote what the follower wrote', async () => {
    const { match } = await matching([
      campaign('a', { entry: { event: 'message' }, reply: { text: '收到：{{ reply.text }}' } }),
    ])
    expect(match(typed('你好')).reply).toEqual({ kind: 'text', content: '收到：你好' })
  })

  it('is omitted when it renders to nothing, with a log line', async () => {
    const { match, warnings } = await matching([
      campaign('a', { entry: { event: 'message' }, reply: { text: ' {{ reply.text }} ' } }),
    ])
    expect(match(typed('\u3000'))).toMatchObject({ start: { campaign: 'a' }, reply: null })
    expect(warnings.join()).toContain('renders to nothing')
  })

  it('is a picture that has been uploaded to WeChat', async () => {
    const reply = { image: { file: 'sha256abc' } }
    const { match } = await matching([campaign('a', { reply })], { media: { 'image sha256abc': 'media-1' } })
    expect(match(event('subscribe')).reply).toEqual({ kind: 'image', mediaId: 'media-1' })
  })

  it('is omitted while the picture is not at WeChat, and the run starts', async () => {
    const { match, warnings } = await matching([campaign('a', { reply: { image: { file: 'sha256abc' } } })])
    expect(match(event('subscribe'))).toMatchObject({ start: { campaign: 'a' }, reply: null })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('sha256abc')
  })
})

describe('a message that enters no campaign', () => {
  const campaigns = [
    campaign('a', { exit: { keywords: ['TD'] } }),
    campaign('b', { entry: { event: 'message', keywords: ['课程'] } }),
  ]
  const staffed = { accounts: [account(APP, { humanAgents: true })] }
  const handedOver = { start: null, reply: { kind: 'transfer_customer_service' } }

  it.each([
    ['a text', typed('在吗')],
    ['a picture', picture()],
  ])('goes to a human agent: %s', async (_, inbound) => {
    const { match } = await matching(campaigns, staffed)
    expect(match(inbound)).toEqual(handedOver)
  })

  it('is not handed over when the account has no agents', async () => {
    const { match } = await matching(campaigns)
    expect(match(typed('在吗'))).toEqual({ start: null, reply: null })
  })

  it.each([
    ['an exit keyword', typed(' ｔd ')],
    ['an entry keyword', typed('课程')],
    ['a follow', event('subscribe')],
    ['a menu click', event('CLICK', 'help')],
    ['a tapped menu message', typed('yes', { bizmsgmenuid: '1' })],
    ['an unfollow', event('unsubscribe')],
  ])('is not handed over: %s', async (_, inbound) => {
    const { match } = await matching(campaigns, staffed)
    expect(match(inbound).reply).toBeNull()
  })
})

describe('an account', () => {
  it('is in memory after a reload', async () => {
    const { cache, calls } = cacheOf([])
    await cache.reload()
    expect(await cache.findAccount(APP)).toMatchObject({ appId: APP })
    expect(cache.accounts().map((a) => a.appId)).toEqual([APP])
    expect(calls).toEqual(['list'])
  })

  it('that another process registered is looked up once', async () => {
    const { cache, registered, calls } = cacheOf([])
    await cache.reload()
    registered.push(account('wxnew00000000001', { rules: 'classic-48h' }))
    expect(await cache.findAccount('wxnew00000000001')).toMatchObject({ appId: 'wxnew00000000001' })
    expect(await cache.findAccount('wxnew00000000001')).not.toBeNull()
    expect(calls).toEqual(['list', 'appIds', 'find wxnew00000000001'])
  })

  it('that is not registered is looked up once, although a client asks repeatedly', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(1_000)
    const { cache, calls } = cacheOf([])
    for (let i = 0; i < 3; i++) expect(await cache.findAccount('wxunknown0000001')).toBeNull()
    expect(calls).toEqual(['appIds'])
    expect(cache.isCached('wxunknown0000001')).toBe(false)
  })

  it('that is registered after a lookup is found after the next reload', async () => {
    const { cache, registered } = cacheOf([])
    expect(await cache.findAccount('wxnew00000000001')).toBeNull()
    registered.push(account('wxnew00000000001'))
    await cache.reload()
    expect(await cache.findAccount('wxnew00000000001')).toMatchObject({ appId: 'wxnew00000000001' })
  })

  it('that is invented is looked up together with a thousand others', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(1_000)
    const { cache, registered, calls } = cacheOf([])
    registered.push(account('wxnew00000000001'))
    const invented = Array.from({ length: 999 }, (_, i) => `wxinvented${i}`)
    const found = await Promise.all([...invented, 'wxnew00000000001'].map((id) => cache.findAccount(id)))
    expect(found.filter((a) => a !== null)).toMatchObject([{ appId: 'wxnew00000000001' }])
    expect(calls).toEqual(['appIds', 'find wxnew00000000001'])
    await Promise.all(invented.map((id) => cache.findAccount(id)))
    expect(calls).toHaveLength(2)
    expect(cache.isCached('wxnew00000000001')).toBe(true)
  })

  it('has its rules profile, also when it is not in memory; a deleted account has the current profile', async () => {
    const { cache } = cacheOf([], { accounts: [account(APP, { rules: 'classic-48h' })] })
    expect(await cache.rulesOf(APP)).toBe('classic-48h')
    await cache.reload()
    expect(await cache.rulesOf(APP)).toBe('classic-48h')
    expect(await cache.rulesOf('wxdeleted0000001')).toBe('wechat-2023')
  })
})

describe('a reload', () => {
  it('reads what was published before it began, also while another reload is in progress', async () => {
    const { cache, published } = cacheOf([])
    const inProgress = cache.reload()
    published.push({ campaign: campaign('fresh'), version: 1 })
    await cache.reload()
    expect(matchInbound(cache, account(APP), event('subscribe')).start?.campaign).toBe('fresh')
    await inProgress
  })

  it('keeps the old content when the store fails, and the next reload works', async () => {
    const { cache, published, failure } = cacheOf([campaign('a')])
    await cache.reload()
    failure.next = new Error('store unavailable')
    published.splice(0)
    await expect(cache.reload()).rejects.toThrow('store unavailable')
    expect(matchInbound(cache, account(APP), event('subscribe')).start?.campaign).toBe('a')
    failure.next = null
    await cache.reload()
    expect(matchInbound(cache, account(APP), event('subscribe')).start).toBeNull()
  })
})

describe('the dispatcher', () => {
  it('gets the plan and the reentry of a version, also of one that is no longer live', async () => {
    const { cache } = cacheOf([campaign('a', { reentry: { after: '30d' } })])
    expect(await cache.planOf('a', 3, APP, 0)).toMatchObject({
      plan: { campaign: 'a', version: 3, steps: [{ id: 'hint', afterMs: 20_000 }] },
      reentry: { afterMs: 30 * 86_400_000 },
    })
    expect(await cache.planOf('a', 2, APP, 0)).toBeNull()
  })

  it('gets a plan with the local times of the account', async () => {
    const steps = [{ id: 'late', day: 1, at: '09:00', send: { text: 'hi' } }]
    const berlin = account(APP, { timezone: 'Europe/Berlin' })
    const { cache } = cacheOf([campaign('a', { steps, reply: { text: 'hi' } })], { accounts: [berlin] })
    await cache.reload()
    const found = await cache.planOf('a', 3, APP, Date.UTC(2026, 0, 10))
    expect(found?.plan.zone?.map(([, offset]) => offset / 3_600_000)).toEqual([1, 2, 1])
    const follow = toFollowerEvent(event('subscribe'))
    const matched = follow && cache.match(berlin, follow, Date.UTC(2026, 0, 10), 'oTest')
    expect(matched?.entry?.plan).toEqual(found?.plan)
  })

  it('learns whether a text is an exit keyword of any campaign of the account', async () => {
    const { cache } = await matching([
      campaign('a', { exit: { keywords: ['TD'] } }),
      campaign('b', { accounts: ['wxother000000001'], exit: { keywords: ['STOP'] } }),
    ])
    expect([' td ', 'STOP', 'hello'].map((t) => cache.optOutWords(APP).isExit(t))).toEqual([
      true,
      false,
      false,
    ])
  })
})
