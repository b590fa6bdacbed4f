// node-easywechat behind lines of JSON: see test/interop/sdk-harness.ts.
const { OfficialAccount, OpenPlatform } = require('node-easywechat')
const ServerRequest = require('node-easywechat/dist/Core/Http/ServerRequest')
const CacheInterface = require('node-easywechat/dist/Core/Contracts/CacheInterface')
const Encryptor = require('node-easywechat/dist/Core/Encryptor')
const { parseXml } = require('node-easywechat/dist/Core/Support/Utils')
const FormData = require('form-data')
const { answerLines, serveCallbacks, wrapXml } = require('./lines.cjs')

const state = { reply: null, received: [], platform_received: [], authoriserToken: null }

/** The SDK's own cache is a folder that all processes share. */
class MemoryCache extends CacheInterface {
  items = new Map()
  async get(id) {
    return this.items.get(id) ?? null
  }
  async has(id) {
    return this.items.has(id)
  }
  async set(id, value) {
    this.items.set(id, value)
    return true
  }
  async delete(id) {
    return this.items.delete(id)
  }
}

function configure({ apiBase, account, platform }) {
  state.apiBase = apiBase
  state.account = account
  state.caches = { account: new MemoryCache(), stable: new MemoryCache(), platform: new MemoryCache() }
  state.app = official()
  state.stable = official({ use_stable_access_token: true }, state.caches.stable)
  if (platform) state.platform = platform
}

function official(more = {}, cache = state.caches.account) {
  const { appId, appSecret, token, aesKey } = state.account
  const http = { baseURL: `${state.apiBase}/` }
  return new OfficialAccount({
    app_id: appId,
    secret: appSecret,
    token,
    aes_key: aesKey,
    http,
    ...more,
  }).setCache(cache)
}

/** One for each request: the SDK's server keeps what it once was told to do. */
function openPlatform() {
  const { appId, appSecret, token, aesKey } = state.platform
  const http = { baseURL: `${state.apiBase}/` }
  const config = { app_id: appId, secret: appSecret, token, aes_key: aesKey, http }
  return new OpenPlatform(config).setCache(state.caches.platform)
}

/** WeChat's refusals come as answers: the SDK leaves them to its caller. */
function read(response) {
  const value = response.toObject()
  if (value?.errcode) throw Object.assign(new Error(value.errmsg), { errcode: value.errcode })
  return value
}

const get = async (url, params, app = state.app) => read(await app.getClient().get(url, { params }))
const post = async (url, json, app = state.app) => read(await app.getClient().post(url, { json }))

function send(openId, msgtype, part) {
  return post('cgi-bin/message/custom/send', { touser: openId, msgtype, [msgtype]: part })
}

async function upload(url, { name, bytes, type }) {
  const form = new FormData()
  form.append('media', Buffer.from(bytes, 'base64'), { filename: name })
  const params = type ? { type } : {}
  return read(await state.app.getClient().post(url, { params, formData: form }))
}

const operations = {
  token: async () => ({ access_token: await state.app.getAccessToken().refresh() }),
  'token.stable': async () => ({ access_token: await state.stable.getAccessToken().refresh() }),
  'token.stable.force': async () => ({
    access_token: await state.stable.getAccessToken().getStableAccessToken(true),
  }),
  'send.text': (a) => send(a.openId, 'text', { content: a.text }),
  'send.image': (a) => send(a.openId, 'image', { media_id: a.mediaId }),
  'media.upload': (a) => upload('cgi-bin/media/upload', a),
  'user.info': (a) => get('cgi-bin/user/info', { openid: a.openId }),
  'tags.create': (a) => post('cgi-bin/tags/create', { tag: { name: a.name } }),
  'ticket.jsapi': async () => ({ ticket: await state.app.getTicket().getTicket() }),
  'component.token': async () => ({
    component_access_token: await openPlatform().getAccessToken().refresh(),
  }),
  'component.preauthcode': () => openPlatform().createPreAuthorizationCode(),
  'component.queryAuth': async (a) => (await openPlatform().getAuthorization(a.code)).toObject(),
  'component.refresh': (a) => openPlatform().refreshAuthorizerToken(a.appId, a.refreshToken),
  'component.send': async (a) => {
    const app = await openPlatform().getOfficialAccountWithRefreshToken(a.appId, a.refreshToken)
    const text = { content: a.text }
    return post('cgi-bin/message/custom/send', { touser: a.openId, msgtype: 'text', text }, app)
  },
}

function replyOf(plan) {
  const { kind, ...r } = plan ?? {}
  switch (kind) {
    case undefined:
      return null
    case 'text':
      return r.content
    case 'image':
      return { MsgType: 'image', Image: { MediaId: r.mediaId } }
    case 'voice':
      return { MsgType: 'voice', Voice: { MediaId: r.mediaId } }
    case 'video':
      return {
        MsgType: 'video',
        Video: { MediaId: r.mediaId, Title: r.title, Description: r.description },
      }
    case 'music':
      return {
        MsgType: 'music',
        Music: {
          Title: r.title,
          Description: r.description,
          MusicUrl: r.url,
          HQMusicUrl: r.hqUrl,
          ThumbMediaId: r.thumbMediaId,
        },
      }
    case 'news':
      return {
        MsgType: 'news',
        ArticleCount: r.articles.length,
        Articles: {
          item: r.articles.map(({ title, description, image, url }) => ({
            Title: title,
            Description: description,
            PicUrl: image,
            Url: url,
          })),
        },
      }
    case 'transfer':
      return {
        MsgType: 'transfer_customer_service',
        ...(r.kfAccount ? { TransInfo: { KfAccount: r.kfAccount } } : {}),
      }
    default:
      throw new Error(`no reply ${kind}`)
  }
}

async function answerCallback({ request, path, body }) {
  const asked = new ServerRequest(request.method, request.url, request.headers, body)
  if (path === '/platform') {
    const platform = openPlatform().setRequest(asked)
    const server = platform.getServer()
    server.with(async (message, next) => {
      state.platform_received.push({ ...message.toObject() })
      return next(message)
    })
    const response = await server.serve()
    return { status: response.getStatusCode(), text: String(response.getBody()) }
  }
  const app = official(path === '/plain' ? { aes_key: '' } : {}).setRequest(asked)
  const server = app.getServer()
  server.with(async (message) => {
    const { Encrypt: _, ...fields } = message.toObject()
    state.received.push({ ...fields })
    return replyOf(state.reply)
  })
  const response = await server.serve()
  return { status: response.getStatusCode(), text: String(response.getBody()) }
}

function encryptor(platform = false) {
  const { appId, token, aesKey } = platform ? state.platform : state.account
  return new Encryptor(appId, token, aesKey, appId)
}

const calls = {
  configure,
  serve: () => serveCallbacks(answerCallback),
  reply({ reply }) {
    state.reply = reply ?? null
  },
  received: ({ platform }) => state[platform ? 'platform_received' : 'received'].splice(0),
  async seal({ mode, xml, to, timestamp, nonce, platform }) {
    const { token } = platform ? state.platform : state.account
    const query = { timestamp, nonce, signature: encryptor().createSignature(token, timestamp, nonce) }
    if (mode === 'plain') return { query: String(new URLSearchParams(query)), body: xml }
    const { Encrypt, MsgSignature } = await parseXml(encryptor(platform).encrypt(xml, nonce, timestamp))
    query.encrypt_type = 'aes'
    query.msg_signature = MsgSignature
    const outside = mode === 'compatible' ? xml.slice('<xml>'.length, -'</xml>'.length) : ''
    const sealed = wrapXml(mode === 'compatible' ? { Encrypt } : { ToUserName: to, Encrypt })
    return {
      query: String(new URLSearchParams(query)),
      body: sealed.replace('<xml>', `<xml>${outside}`),
    }
  },
  async open({ body }) {
    const fields = await parseXml(body)
    if (!fields.Encrypt) return fields
    const { Encrypt, MsgSignature, Nonce, TimeStamp } = fields
    return parseXml(encryptor().decrypt(Encrypt, MsgSignature, Nonce, TimeStamp))
  },
}

answerLines(calls, operations)
