import { expect } from 'vitest'
import { FILE_KINDS, FILES, type FileKind } from './media-files.ts'
import { type Harness, SdkError } from './sdk-harness.ts'
import { ACCOUNT, type WeChat } from './simulated-wechat.ts'

/** What an SDK does as WeChat's client, with the simulated WeChat's own record as the judge. */
export interface ApiCase {
  name: string
  /** Calls of the harness; the case is for SDKs that offer all of them. */
  needs: string[]
  run(sdk: Harness, wechat: WeChat): Promise<void>
}

const OK = { errcode: 0 }
const CUSTOM_SEND = '/cgi-bin/message/custom/send'
type Json = Record<string, unknown>

async function upload(sdk: Harness, kind: FileKind): Promise<string> {
  const answer = await sdk.call<Json>('media.upload', { type: kind, ...FILES[kind] })
  return String(kind === 'thumb' ? answer.thumb_media_id : answer.media_id)
}

/** Sends, and looks at what the follower's phone got. */
const sends = (
  kind: string,
  op: string,
  args: (sdk: Harness) => Promise<Json>,
  shown: Json,
  needs: string[] = [],
): ApiCase => ({
  name: `sends ${kind}`,
  needs: [op, ...needs],
  async run(sdk, wechat) {
    const openId = await wechat.newFollower()
    const given = await args(sdk)
    await sdk.call(op, { openId, ...given })
    const last = wechat.account.messages(openId).at(-1)
    expect(last).toMatchObject({ from: 'account', via: 'custom', content: shown })
  },
})

const ARTICLE = {
  title: '资料 <&>',
  description: '第一课',
  url: 'https://example.com/a?b=1&c=2',
  picurl: 'https://example.com/a.png',
}
const MENU = {
  head_content: '满意吗？',
  list: [
    { id: '101', content: '满意' },
    { id: '102', content: '不满意' },
  ],
  tail_content: '谢谢',
}
const BUTTONS = {
  button: [
    { type: 'click', name: '资料', key: 'guide' },
    {
      name: '更多',
      sub_button: [
        { type: 'view', name: '官网', url: 'https://example.com/' },
        { type: 'scancode_waitmsg', name: '扫码', key: 'scan' },
      ],
    },
  ],
}

const SENDING: ApiCase[] = [
  sends(
    'a text as the follower reads it',
    'send.text',
    async () => ({
      text: '你好 😀 <a href="https://example.com/?a=1&b=2">链接</a> "引号" \\ 反斜杠\n第二行',
    }),
    { content: '你好 😀 <a href="https://example.com/?a=1&b=2">链接</a> "引号" \\ 反斜杠\n第二行' },
  ),
  sends('an image', 'send.image', async (sdk) => ({ mediaId: await upload(sdk, 'image') }), {}, [
    'media.upload',
  ]),
  sends('a voice', 'send.voice', async (sdk) => ({ mediaId: await upload(sdk, 'voice') }), {}, [
    'media.upload',
  ]),
  sends(
    'a video',
    'send.video',
    async (sdk) => ({
      mediaId: await upload(sdk, 'video'),
      thumbMediaId: await upload(sdk, 'thumb'),
      title: '影片',
      description: '说明',
    }),
    {},
    ['media.upload'],
  ),
  sends(
    'music',
    'send.music',
    async (sdk) => ({
      music: {
        title: '歌',
        description: '说明',
        musicurl: 'https://example.com/a.mp3',
        hqmusicurl: 'https://example.com/b.mp3',
        thumb_media_id: await upload(sdk, 'thumb'),
      },
    }),
    { title: '歌', musicurl: 'https://example.com/a.mp3', hqmusicurl: 'https://example.com/b.mp3' },
    ['media.upload'],
  ),
  sends('news', 'send.news', async () => ({ article: ARTICLE }), { articles: [ARTICLE] }),
  sends('an article of the material', 'send.mpnews', async () => ({ mediaId: 'permanent_news' }), {
    media_id: 'permanent_news',
  }),
  sends('a published article', 'send.article', async () => ({ articleId: 'test_article' }), {
    article_id: 'test_article',
  }),
  sends('a menu message', 'send.menu', async () => ({ menu: MENU }), MENU),
  sends(
    'a mini program page',
    'send.miniprogram',
    async (sdk) => ({
      page: {
        title: '小程序',
        appid: 'wxmini0000000001',
        pagepath: 'pages/index',
        thumb_media_id: await upload(sdk, 'thumb'),
      },
    }),
    { title: '小程序', appid: 'wxmini0000000001', pagepath: 'pages/index' },
    ['media.upload'],
  ),
  sends('a card', 'send.card', async () => ({ cardId: 'test_card' }), { card_id: 'test_card' }),
  {
    name: 'reads that nothing may be sent to somebody who never followed',
    needs: ['send.text'],
    async run(sdk) {
      const refused = await sdk
        .call('send.text', { openId: 'oInteropNeverFollowed0000000', text: '你好' })
        .catch((err: unknown) => err)
      expect(refused).toBeInstanceOf(SdkError)
      expect(refused).toMatchObject({ errcode: 40003 })
    },
  },
  {
    name: 'shows that somebody types',
    needs: ['typing.start', 'typing.stop'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      await sdk.call('typing.start', { openId })
      expect(wechat.simulator.wechat.follower({ appId: ACCOUNT.appId, openId }).typingUntil).toBeGreaterThan(
        0,
      )
      await sdk.call('typing.stop', { openId })
      expect(wechat.simulator.wechat.follower({ appId: ACCOUNT.appId, openId }).typingUntil).toBe(0)
    },
  },
]

const owns = (wechat: WeChat, token: unknown) =>
  wechat.simulator.wechat.tokens.get(ACCOUNT.appId)?.owns(String(token))

const TOKENS: ApiCase[] = [
  {
    name: 'fetches an access token',
    needs: ['token'],
    async run(sdk, wechat) {
      const { access_token } = await sdk.call<Json>('token')
      expect(owns(wechat, access_token)).toBe(true)
    },
  },
  {
    name: 'fetches a stable access token, twice the same',
    needs: ['token.stable'],
    async run(sdk, wechat) {
      const first = await sdk.call<Json>('token.stable')
      expect(owns(wechat, first.access_token)).toBe(true)
      expect((await sdk.call<Json>('token.stable')).access_token).toBe(first.access_token)
    },
  },
  {
    name: 'forces a new stable access token',
    needs: ['token.stable', 'token.stable.force'],
    async run(sdk) {
      const { access_token } = await sdk.call<Json>('token.stable')
      expect((await sdk.call<Json>('token.stable.force')).access_token).not.toBe(access_token)
    },
  },
  {
    name: 'fetches the tickets of pages',
    needs: ['ticket.jsapi'],
    async run(sdk) {
      expect((await sdk.call<Json>('ticket.jsapi')).ticket).toEqual(expect.stringMatching(/./))
    },
  },
  {
    name: 'fetches the tickets of cards',
    needs: ['ticket.card'],
    async run(sdk) {
      expect((await sdk.call<Json>('ticket.card')).ticket).toEqual(expect.stringMatching(/./))
    },
  },
]

const MEDIA: ApiCase[] = [
  ...FILE_KINDS.map((kind) => ({
    name: `uploads a ${kind}`,
    needs: ['media.upload'],
    async run(sdk: Harness) {
      expect(await upload(sdk, kind)).toMatch(/^.{20,}$/)
    },
  })),
  {
    name: 'reads that a file is too large',
    needs: ['media.upload'],
    async run(sdk) {
      const bytes = Buffer.concat([Buffer.from(FILES.thumb.bytes, 'base64'), Buffer.alloc(70_000)])
      const refused = await sdk
        .call('media.upload', { type: 'thumb', name: 'thumb.jpg', bytes: bytes.toString('base64') })
        .catch((err: unknown) => err)
      expect(refused).toBeInstanceOf(SdkError)
      expect((refused as SdkError).errcode).toBeOneOf([40006, 45001])
    },
  },
  {
    name: 'downloads what it uploaded',
    needs: ['media.upload', 'media.get'],
    async run(sdk) {
      const mediaId = await upload(sdk, 'image')
      expect((await sdk.call<Json>('media.get', { mediaId })).bytes).toBe(FILES.image.bytes)
    },
  },
  {
    name: 'uploads a picture of an article',
    needs: ['media.uploadimg'],
    async run(sdk) {
      const { url } = await sdk.call<Json>('media.uploadimg', FILES.image)
      expect(url).toEqual(expect.stringMatching(/^https?:\/\//))
    },
  },
  {
    name: 'keeps permanent material: add, count, list, get, delete',
    needs: ['material.add', 'material.count', 'material.list', 'material.get', 'material.delete'],
    async run(sdk) {
      const before = await sdk.call<Json>('material.count')
      const { media_id: mediaId } = await sdk.call<Json>('material.add', { type: 'image', ...FILES.image })
      expect(mediaId).toEqual(expect.stringMatching(/./))
      const after = await sdk.call<Json>('material.count')
      expect(after.image_count).toBe(Number(before.image_count) + 1)
      const list = await sdk.call<{ item: Json[] }>('material.list', { type: 'image' })
      expect(list.item.map((i) => i.media_id)).toContain(mediaId)
      expect((await sdk.call<Json>('material.get', { mediaId })).bytes).toBe(FILES.image.bytes)
      await sdk.call('material.delete', { mediaId })
      expect((await sdk.call<Json>('material.count')).image_count).toBe(before.image_count)
    },
  },
  {
    name: 'counts, lists and deletes permanent material',
    needs: ['material.add', 'material.count', 'material.list', 'material.delete'],
    async run(sdk) {
      const { media_id: mediaId } = await sdk.call<Json>('material.add', { type: 'thumb', ...FILES.thumb })
      expect(mediaId).toEqual(expect.stringMatching(/./))
      await sdk.call('material.delete', { mediaId })
    },
  },
  {
    name: 'keeps a permanent video with its title',
    needs: ['material.add', 'material.list'],
    async run(sdk) {
      const moreFields = { title: '影片', introduction: '说明' }
      const { media_id: mediaId } = await sdk.call<Json>('material.add', {
        type: 'video',
        ...FILES.video,
        ...moreFields,
      })
      const list = await sdk.call<{ item: Json[] }>('material.list', { type: 'video' })
      expect(list.item.map((i) => i.media_id)).toContain(mediaId)
    },
  },
]

const FOLLOWERS: ApiCase[] = [
  {
    name: 'reads who a follower is',
    needs: ['user.info'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      const info = await sdk.call<Json>('user.info', { openId })
      expect(info).toMatchObject({ subscribe: 1, openid: openId, language: 'zh_CN', remark: '', groupid: 0 })
      expect(info.subscribe_time).toBeGreaterThan(1_600_000_000)
      expect(info.tagid_list).toEqual([])
    },
  },
  {
    name: 'reads by which code a follower came',
    needs: ['user.info', 'qrcode.create'],
    async run(sdk, wechat) {
      await sdk.call('qrcode.create', { scene: 4711, seconds: 600 })
      const openId = 'oInteropScannedANumber000000'
      await wechat.account.follow(openId, { qrScene: '4711' })
      const info = await sdk.call<Json>('user.info', { openId })
      expect(info).toMatchObject({ subscribe_scene: 'ADD_SCENE_QR_CODE', qr_scene: 4711 })
    },
  },
  {
    name: 'reads that somebody does not follow',
    needs: ['user.info'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      await wechat.account.unfollow(openId)
      expect(await sdk.call('user.info', { openId })).toMatchObject({ subscribe: 0, openid: openId })
    },
  },
  {
    name: 'lists the followers',
    needs: ['user.list'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      const list = await sdk.call<{ total: number; count: number; data: { openid: string[] } }>('user.list')
      expect(list.data.openid).toContain(openId)
      expect(list.count).toBe(list.data.openid.length)
      expect(list.total).toBeGreaterThanOrEqual(list.count)
    },
  },
  {
    name: 'reads many followers at once',
    needs: ['user.batch'],
    async run(sdk, wechat) {
      const openIds = [await wechat.newFollower(), await wechat.newFollower()]
      const { user_info_list: list } = await sdk.call<{ user_info_list: Json[] }>('user.batch', { openIds })
      expect(list.map((u) => [u.openid, u.subscribe])).toEqual(openIds.map((o) => [o, 1]))
    },
  },
  {
    name: 'notes a remark',
    needs: ['user.remark', 'user.info'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      await sdk.call('user.remark', { openId, remark: '王先生' })
      expect(await sdk.call('user.info', { openId })).toMatchObject({ remark: '王先生' })
    },
  },
  {
    name: 'makes, lists, renames and deletes a tag',
    needs: ['tags.create', 'tags.get', 'tags.update', 'tags.delete'],
    async run(sdk) {
      const { tag } = await sdk.call<{ tag: { id: number; name: string } }>('tags.create', {
        name: '互通一',
      })
      expect(tag).toMatchObject({ id: expect.any(Number), name: '互通一' })
      await sdk.call('tags.update', { id: tag.id, name: '互通二' })
      const listed = await sdk.call<{ tags: Json[] }>('tags.get')
      expect(listed.tags).toContainEqual(expect.objectContaining({ id: tag.id, name: '互通二', count: 0 }))
      await sdk.call('tags.delete', { id: tag.id })
      expect((await sdk.call<{ tags: Json[] }>('tags.get')).tags.map((t) => t.id)).not.toContain(tag.id)
    },
  },
  {
    name: 'tags followers, reads their tags and takes them away',
    needs: ['tags.create', 'tags.tag', 'tags.untag', 'tags.of'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      const { tag } = await sdk.call<{ tag: { id: number } }>('tags.create', { name: '互通三' })
      await sdk.call('tags.tag', { id: tag.id, openIds: [openId] })
      expect(wechat.account.tags(openId)).toEqual(['互通三'])
      expect(await tagsOf(sdk, openId)).toEqual([tag.id])
      await sdk.call('tags.untag', { id: tag.id, openIds: [openId] })
      expect(await tagsOf(sdk, openId)).toEqual([])
    },
  },
  {
    name: 'lists the followers of a tag',
    needs: ['tags.create', 'tags.tag', 'tags.members'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      const { tag } = await sdk.call<{ tag: { id: number } }>('tags.create', { name: '互通四' })
      await sdk.call('tags.tag', { id: tag.id, openIds: [openId] })
      const members = await sdk.call<{ data: { openid: string[] } }>('tags.members', { id: tag.id })
      expect(members.data.openid).toEqual([openId])
    },
  },
  {
    name: 'makes a tag',
    needs: ['tags.create'],
    async run(sdk) {
      expect(await sdk.call('tags.create', { name: '互通五' })).toMatchObject({ tag: { name: '互通五' } })
    },
  },
  {
    name: 'blocks somebody, lists who is blocked, and lets them in again',
    needs: ['blacklist.add', 'blacklist.get', 'blacklist.remove'],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      await sdk.call('blacklist.add', { openIds: [openId] })
      const blocked = await sdk.call<{ total: number; data: { openid: string[] } }>('blacklist.get')
      expect(blocked).toMatchObject({ total: 1, data: { openid: [openId] } })
      await sdk.call('blacklist.remove', { openIds: [openId] })
      expect(await sdk.call('blacklist.get')).toMatchObject({ total: 0 })
    },
  },
]

async function tagsOf(sdk: Harness, openId: string): Promise<unknown> {
  const answer = await sdk.call<Json | unknown[]>('tags.of', { openId })
  return Array.isArray(answer) ? answer : answer.tagid_list
}

const CODES_AND_MENUS: ApiCase[] = [
  ...[
    { name: 'a text for a while', scene: 'expo-2026', seconds: 600 },
    { name: 'a number for a while', scene: 123, seconds: 600 },
    { name: 'a text for good', scene: 'shop-entrance', seconds: null },
    { name: 'a number for good', scene: 42, seconds: null },
  ].map(({ name, scene, seconds }) => ({
    name: `makes a code of ${name}`,
    needs: ['qrcode.create'],
    async run(sdk: Harness, wechat: WeChat) {
      const code = await sdk.call<Json>('qrcode.create', { scene, seconds })
      expect(code).toMatchObject({ ticket: expect.stringMatching(/./), url: expect.stringMatching(/^http/) })
      if (seconds !== null) expect(code.expire_seconds).toBe(seconds)
      const { codes } = wechat.simulator.wechat.account(ACCOUNT.appId)
      expect(codes.map((c) => c.scene)).toContain(String(scene))
    },
  })),
  {
    name: 'fetches the picture of a code',
    needs: ['qrcode.create', 'qrcode.show'],
    async run(sdk) {
      const { ticket } = await sdk.call<Json>('qrcode.create', { scene: 'picture', seconds: 600 })
      const { bytes } = await sdk.call<Json>('qrcode.show', { ticket })
      const head = Buffer.from(String(bytes), 'base64').subarray(0, 4).toString('latin1')
      expect(head).toMatch(/^(\x89PNG|\xff\xd8\xff|GIF8)/)
    },
  },
  {
    name: 'makes, reads and deletes the menu',
    needs: ['menu.create', 'menu.get', 'menu.self', 'menu.delete'],
    async run(sdk, wechat) {
      await sdk.call('menu.create', { menu: BUTTONS })
      expect(wechat.simulator.wechat.account(ACCOUNT.appId).apiMenu).toMatchObject(BUTTONS.button)
      const read = await sdk.call<{ menu: Json }>('menu.get')
      expect(read.menu).toMatchObject(BUTTONS)
      const self = await sdk.call<{ is_menu_open: number; selfmenu_info: { button: Json[] } }>('menu.self')
      expect(self.is_menu_open).toBe(1)
      expect(self.selfmenu_info.button.map((b) => b.name)).toEqual(['资料', '更多'])
      await sdk.call('menu.delete')
      expect(wechat.simulator.wechat.account(ACCOUNT.appId).apiMenu ?? []).toEqual([])
    },
  },
  {
    name: 'creates a conditional menu, tests it and deletes it',
    needs: [
      'menu.create',
      'menu.addConditional',
      'menu.tryMatch',
      'menu.delConditional',
      'tags.create',
      'tags.tag',
    ],
    async run(sdk, wechat) {
      const openId = await wechat.newFollower()
      const { tag } = await sdk.call<{ tag: { id: number } }>('tags.create', { name: '个性化' })
      await sdk.call('tags.tag', { id: tag.id, openIds: [openId] })
      await sdk.call('menu.create', { menu: BUTTONS })
      const menu = {
        button: [{ type: 'click', name: '专属', key: 'special' }],
        matchrule: { tag_id: String(tag.id) },
      }
      const { menuid: menuId } = await sdk.call<Json>('menu.addConditional', { menu })
      expect(String(menuId)).toMatch(/^\d+$/)
      const matched = await sdk.call<Json>('menu.tryMatch', { openId })
      expect(JSON.stringify(matched)).toContain('专属')
      await sdk.call('menu.delConditional', { menuId: String(menuId) })
      expect(JSON.stringify(await sdk.call('menu.tryMatch', { openId }))).not.toContain('专属')
    },
  },
]

const clears = (name: string, op: string): ApiCase => ({
  name,
  needs: [op, 'send.text'],
  async run(sdk, wechat) {
    await sdk.call('send.text', { openId: await wechat.newFollower(), text: '你好' })
    const { counts } = wechat.simulator.wechat.account(ACCOUNT.appId).usage
    expect(counts.get(CUSTOM_SEND)).toBeGreaterThan(0)
    await sdk.call(op)
    expect(counts.get(CUSTOM_SEND) ?? 0).toBe(0)
  },
})

const OPERATING: ApiCase[] = [
  {
    name: 'reads from which addresses WeChat calls',
    needs: ['ips.callback'],
    async run(sdk) {
      const answer = await sdk.call<{ ip_list: string[] }>('ips.callback')
      expect(answer.ip_list[0]).toMatch(/^[\d.]+(\/\d+)?$/)
    },
  },
  {
    name: "reads the addresses of WeChat's API",
    needs: ['ips.api'],
    async run(sdk) {
      const answer = await sdk.call<{ ip_list: string[] }>('ips.api')
      expect(answer.ip_list[0]).toMatch(/^[\d.]+(\/\d+)?$/)
    },
  },
  {
    name: 'lets WeChat check the network',
    needs: ['callback.check'],
    async run(sdk, wechat) {
      wechat.simulator.wechat.account(ACCOUNT.appId).callbackUrl = wechat.url
      const answer = await sdk.call<Json>('callback.check')
      wechat.simulator.wechat.account(ACCOUNT.appId).callbackUrl = null
      expect(answer).toMatchObject({ dns: [expect.anything()], ping: [expect.anything()] })
    },
  },
  clears('clears the quota', 'quota.clear'),
  clears('clears the quota by the secret', 'quota.clearBySecret'),
  {
    name: 'reads how much of the quota is used',
    needs: ['quota.get', 'send.text'],
    async run(sdk, wechat) {
      const read = () => sdk.call<{ quota: Record<string, number> }>('quota.get', { path: CUSTOM_SEND })
      const before = (await read()).quota
      await sdk.call('send.text', { openId: await wechat.newFollower(), text: '你好' })
      const after = (await read()).quota
      expect(after.used).toBe(Number(before.used) + 1)
      expect(after.remain).toBe(Number(before.remain) - 1)
      expect(after.daily_limit).toBe(Number(after.used) + Number(after.remain))
    },
  },
  {
    name: "reads the console's own replies",
    needs: ['autoreply.get'],
    async run(sdk) {
      const answer = await sdk.call<Json>('autoreply.get')
      expect(answer).toMatchObject({ is_add_friend_reply_open: 0, is_autoreply_open: 0 })
    },
  },
]

/** Each case has an agent of its own. */
const agent = (name: string) => `${name}@interop`

/** As an owner has an agent accept in WeChat's console: only who is bound to a person can serve. */
async function bind(wechat: WeChat, kf_account: string): Promise<void> {
  const token = wechat.simulator.wechat.tokens.get(ACCOUNT.appId)?.plainToken(Date.now()).access_token
  const path = `/customservice/kfaccount/inviteworker?access_token=${token}`
  const body = JSON.stringify({ kf_account, invite_wx: 'test_wechat_id' })
  const answer = await fetch(`${wechat.url}${path}`, { method: 'POST', body })
  expect(await answer.json()).toMatchObject(OK)
}

const AGENTS: ApiCase[] = [
  {
    name: 'adds, renames, lists and deletes an agent',
    needs: ['kf.add', 'kf.update', 'kf.list', 'kf.online', 'kf.delete'],
    async run(sdk) {
      const kfAccount = agent('keeps')
      await sdk.call('kf.add', { kfAccount, nickname: '小王' })
      await sdk.call('kf.update', { kfAccount, nickname: '小李' })
      const { kf_list: list } = await sdk.call<{ kf_list: Json[] }>('kf.list')
      expect(list).toContainEqual(expect.objectContaining({ kf_account: kfAccount, kf_nick: '小李' }))
      const { kf_online_list: online } = await sdk.call<{ kf_online_list: Json[] }>('kf.online')
      expect(Array.isArray(online)).toBe(true)
      await sdk.call('kf.delete', { kfAccount })
      const after = await sdk.call<{ kf_list: Json[] }>('kf.list')
      expect(after.kf_list.map((k) => k.kf_account)).not.toContain(kfAccount)
    },
  },
  {
    name: 'invites an agent',
    needs: ['kf.add', 'kf.invite', 'kf.delete'],
    async run(sdk) {
      const kfAccount = agent('invited')
      await sdk.call('kf.add', { kfAccount, nickname: '小王' })
      await sdk.call('kf.invite', { kfAccount, wechatId: 'test_wechat_id' })
      await sdk.call('kf.delete', { kfAccount })
    },
  },
  {
    name: "uploads an agent's picture",
    needs: ['kf.add', 'kf.headimg', 'kf.delete'],
    async run(sdk) {
      const kfAccount = agent('pictured')
      await sdk.call('kf.add', { kfAccount, nickname: '小王' })
      await sdk.call('kf.headimg', { kfAccount, ...FILES.thumb })
      await sdk.call('kf.delete', { kfAccount })
    },
  },
  {
    name: 'gives a follower to an agent',
    needs: ['kf.add', 'kf.session.create', 'kf.delete'],
    async run(sdk, wechat) {
      const kfAccount = agent('given')
      const openId = await wechat.newFollower()
      await sdk.call('kf.add', { kfAccount, nickname: '小王' })
      await bind(wechat, kfAccount)
      expect((await sdk.call<Json | null>('kf.session.create', { kfAccount, openId })) ?? OK).toMatchObject(
        OK,
      )
      await sdk.call('kf.delete', { kfAccount })
    },
  },
  {
    name: 'opens, shows and closes a session with an agent',
    needs: [
      'kf.add',
      'kf.session.create',
      'kf.session.get',
      'kf.session.list',
      'kf.session.close',
      'kf.session.waiting',
      'kf.delete',
    ],
    async run(sdk, wechat) {
      const kfAccount = agent('session')
      const openId = await wechat.newFollower()
      await sdk.call('kf.add', { kfAccount, nickname: '小王' })
      await bind(wechat, kfAccount)
      await sdk.call('kf.session.create', { kfAccount, openId })
      expect(await sdk.call('kf.session.get', { openId })).toMatchObject({ kf_account: kfAccount })
      const { sessionlist } = await sdk.call<{ sessionlist: Json[] }>('kf.session.list', { kfAccount })
      expect(sessionlist.map((s) => s.openid)).toContain(openId)
      await sdk.call('kf.session.close', { kfAccount, openId })
      const after = await sdk.call<{ sessionlist: Json[] }>('kf.session.list', { kfAccount })
      expect(after.sessionlist.map((s) => s.openid)).not.toContain(openId)
      await sdk.call('kf.session.waiting')
      await sdk.call('kf.delete', { kfAccount })
    },
  },
  {
    name: 'sends as an agent',
    needs: ['kf.add', 'send.text.as', 'kf.delete'],
    async run(sdk, wechat) {
      const kfAccount = agent('sender')
      const openId = await wechat.newFollower()
      await sdk.call('kf.add', { kfAccount, nickname: '小王' })
      await sdk.call('send.text.as', { openId, text: '我是小王', as: kfAccount })
      expect(wechat.account.messages(openId).at(-1)?.content).toMatchObject({
        content: '我是小王',
        as: kfAccount,
      })
      await sdk.call('kf.delete', { kfAccount })
    },
  },
  {
    name: 'reads what agents and followers said',
    needs: ['kf.records'],
    async run(sdk) {
      const now = Math.floor(Date.now() / 1000)
      const answer = await sdk.call<{ recordlist: Json[] }>('kf.records', { from: now - 3_600, to: now })
      expect(Array.isArray(answer.recordlist)).toBe(true)
    },
  },
]

const ARTICLES: ApiCase[] = [
  {
    name: 'counts and lists drafts',
    needs: ['draft.count', 'draft.list'],
    async run(sdk) {
      expect(await sdk.call('draft.count')).toMatchObject({ total_count: expect.any(Number) })
      expect(await sdk.call('draft.list')).toMatchObject({ total_count: expect.any(Number) })
    },
  },
  {
    name: 'lists what was published',
    needs: ['freepublish.list'],
    async run(sdk) {
      expect(await sdk.call('freepublish.list')).toMatchObject({ total_count: expect.any(Number) })
    },
  },
]

export const API_CASES: readonly ApiCase[] = [
  ...TOKENS,
  ...SENDING,
  ...MEDIA,
  ...FOLLOWERS,
  ...CODES_AND_MENUS,
  ...OPERATING,
  ...AGENTS,
  ...ARTICLES,
]
