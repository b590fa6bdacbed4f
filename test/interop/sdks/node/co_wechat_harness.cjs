// co-wechat-api and co-wechat behind lines of JSON: see test/interop/sdk-harness.ts.
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { promisify } = require('node:util')
const WechatAPI = require('co-wechat-api')
const wechat = require('co-wechat')
const Crypt = require('wechat-crypto')
const xml2js = require('xml2js')
const { answerLines, serveCallbacks, wrapXml } = require('./lines.cjs')

const state = { reply: null, received: [] }
const api = () => state.api

/** The SDK names WeChat's hosts in its code: each request goes to the simulator instead. */
function configure({ apiBase, account }) {
  state.account = account
  state.api = new WechatAPI(account.appId, account.appSecret)
  const { request } = WechatAPI.prototype
  state.api.request = (url, ...more) =>
    request.call(state.api, url.replace(/^https?:\/\/[a-z.]*weixin\.qq\.com/, apiBase), ...more)
}

/** The SDK uploads files by their path. */
async function withFile({ name, bytes }, work) {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-interop-'))
  try {
    const path = join(folder, name)
    writeFileSync(path, Buffer.from(bytes, 'base64'))
    return await work(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const bytesOf = (value) => ({ bytes: Buffer.from(value).toString('base64') })

const operations = {
  token: async () => {
    const { accessToken, expireTime } = await api().getAccessToken()
    return { access_token: accessToken, expires_in: Math.round((expireTime - Date.now()) / 1000) + 10 }
  },
  'send.text': (a) => api().sendText(a.openId, a.text),
  'send.image': (a) => api().sendImage(a.openId, a.mediaId),
  'send.voice': (a) => api().sendVoice(a.openId, a.mediaId),
  'send.video': (a) => api().sendVideo(a.openId, a.mediaId, a.thumbMediaId),
  'send.music': (a) => api().sendMusic(a.openId, a.music),
  'send.news': (a) => api().sendNews(a.openId, [a.article]),
  'send.mpnews': (a) => api().sendMpNews(a.openId, a.mediaId),
  'send.miniprogram': (a) => api().sendMiniProgram(a.openId, a.page),
  'send.card': (a) => api().sendCard(a.openId, a.cardId),
  'media.upload': (a) => withFile(a, (path) => api().uploadMedia(path, a.type)),
  'media.uploadimg': (a) => withFile(a, (path) => api().uploadImage(path)),
  'media.get': async (a) => bytesOf(await api().getMedia(a.mediaId)),
  'user.info': (a) => api().getUser(a.openId),
  'user.list': (a) => api().getFollowers(a.next),
  'user.batch': (a) => api().batchGetUsers(a.openIds),
  'user.remark': (a) => api().updateRemark(a.openId, a.remark),
  'tags.create': (a) => api().createTags(a.name),
  'tags.get': () => api().getTags(),
  'tags.update': (a) => api().updateTag(a.id, a.name),
  'tags.delete': (a) => api().deleteTag(a.id),
  'tags.tag': (a) => api().batchTagging(a.openIds, a.id),
  'tags.untag': (a) => api().batchUnTagging(a.openIds, a.id),
  'tags.of': (a) => api().getIdList(a.openId),
  'tags.members': (a) => api().getUsersFromTag(a.id),
  'qrcode.create': (a) =>
    a.seconds ? api().createTmpQRCode(a.scene, a.seconds) : api().createLimitQRCode(a.scene),
  'menu.create': (a) => api().createMenu(a.menu),
  'menu.get': () => api().getMenu(),
  'menu.delete': () => api().removeMenu(),
  'menu.self': () => api().getMenuConfig(),
  'menu.addConditional': (a) => api().addConditionalMenu(a.menu),
  'menu.delConditional': (a) => api().delConditionalMenu(a.menuId),
  'menu.tryMatch': (a) => api().tryConditionalMenu(a.openId),
  'ips.callback': () => api().getIp(),
  'ticket.jsapi': () => api().getTicket('jsapi'),
  'ticket.card': () => api().getTicket('wx_card'),
  'kf.list': () => api().getCustomServiceList(),
  'kf.online': () => api().getOnlineCustomServiceList(),
  'kf.add': (a) => api().addKfAccount(a.kfAccount, a.nickname),
  'kf.invite': (a) => api().inviteworker(a.kfAccount, a.wechatId),
  'kf.update': (a) => api().updateKfAccount(a.kfAccount, a.nickname),
  'kf.delete': (a) => api().deleteKfAccount(a.kfAccount),
  'kf.headimg': (a) => withFile(a, (path) => api().setKfAccountAvatar(a.kfAccount, path)),
  'kf.session.create': (a) => api().createKfSession(a.kfAccount, a.openId),
  'material.add': (a) =>
    withFile(a, (path) =>
      a.type === 'video'
        ? api().uploadVideoMaterial(path, { title: a.title, introduction: a.introduction })
        : api().uploadMaterial(path, a.type),
    ),
  'material.get': async (a) => bytesOf(await api().getMaterial(a.mediaId)),
  'material.delete': (a) => api().removeMaterial(a.mediaId),
  'material.count': () => api().getMaterialCount(),
  'material.list': (a) => api().getMaterials(a.type, 0, 20),
  'autoreply.get': () => api().getAutoreply(),
}

/** What the SDK is told to answer, as its documentation shows it. */
function replyOf(plan) {
  switch (plan?.kind) {
    case undefined:
      return ''
    case 'text':
      return plan.content
    case 'image':
    case 'voice':
      return { type: plan.kind, content: { mediaId: plan.mediaId } }
    case 'video': {
      const { mediaId, title, description } = plan
      return { type: 'video', content: { mediaId, title, description } }
    }
    case 'music': {
      const { title, description, url: musicUrl, hqUrl: hqMusicUrl } = plan
      return { title, description, musicUrl, hqMusicUrl }
    }
    case 'news':
      return plan.articles.map(({ title, description, image, url }) => ({
        title,
        description,
        picurl: image,
        url,
      }))
    case 'transfer':
      return { type: 'customerService', ...(plan.kfAccount ? { kfAccount: plan.kfAccount } : {}) }
    default:
      throw new Error(`no reply ${plan.kind}`)
  }
}

/** A Koa context as far as the SDK's middleware reads it. */
async function answerCallback({ request, method, path, query, body }) {
  const { appId: appid, token, aesKey: encodingAESKey } = state.account
  const config = path === '/plain' ? { token, appid } : { token, appid, encodingAESKey }
  const ctx = { method, query, request: { body }, req: request, status: 200, body: '' }
  const middleware = wechat(config).middleware(async (message) => {
    state.received.push({ ...message })
    return replyOf(state.reply)
  })
  await middleware(ctx)
  return { status: ctx.status, text: ctx.body }
}

const crypt = () => new Crypt(state.account.token, state.account.aesKey, state.account.appId)
const parseString = promisify(xml2js.parseString)
const parsed = async (xml) => (await parseString(xml, { explicitArray: false, trim: true })).xml

const calls = {
  configure,
  serve: () => serveCallbacks(answerCallback),
  reply({ reply }) {
    state.reply = reply ?? null
  },
  received: () => state.received.splice(0),
  async seal({ mode, xml, to, timestamp, nonce }) {
    // Without a ciphertext the SDK's four-part signature is WeChat's three-part one.
    const query = { timestamp, nonce, signature: crypt().getSignature(timestamp, nonce, '') }
    if (mode === 'plain') return { query: String(new URLSearchParams(query)), body: xml }
    const Encrypt = crypt().encrypt(xml)
    query.encrypt_type = 'aes'
    query.msg_signature = crypt().getSignature(timestamp, nonce, Encrypt)
    const outside = mode === 'compatible' ? xml.slice('<xml>'.length, -'</xml>'.length) : ''
    const sealed = wrapXml(mode === 'compatible' ? { Encrypt } : { ToUserName: to, Encrypt })
    return {
      query: String(new URLSearchParams(query)),
      body: sealed.replace('<xml>', `<xml>${outside}`),
    }
  },
  async open({ body }) {
    const { Encrypt, MsgSignature, TimeStamp, Nonce, ...fields } = await parsed(body)
    if (!Encrypt) return fields
    if (crypt().getSignature(TimeStamp, Nonce, Encrypt) !== MsgSignature) throw new Error('bad signature')
    const { message, id } = crypt().decrypt(Encrypt)
    if (id !== state.account.appId) throw new Error(`sealed for ${id}`)
    return parsed(message)
  },
}

answerLines(calls, operations)
