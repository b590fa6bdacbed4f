import type { z } from 'zod'
import type { Menu } from '../rules/menu.ts'
import type { WechatAnswer } from './answer.ts'
import * as shapes from './response-schemas.ts'
import { type Get, type Post, type TransportOptions, WechatTransport } from './transport.ts'

export type { WechatAnswer } from './answer.ts'
export type { Post } from './transport.ts'

export type AccessToken = z.infer<typeof shapes.accessToken>

type MediaType = 'image' | 'voice' | 'video' | 'thumb'

/** Calls of WeChat's API. The reasons of answers contain no secrets and no tokens. */
export interface WechatClient {
  stableToken(call: {
    appId: string
    appSecret: string
    forceRefresh?: boolean
  }): Promise<WechatAnswer<AccessToken>>
  customSend(accessToken: string, body: object): Promise<WechatAnswer<object>>
  typing(accessToken: string, openId: string): Promise<WechatAnswer<object>>
  userInfo(accessToken: string, openId: string): Promise<WechatAnswer<z.infer<typeof shapes.userInfo>>>
  uploadMedia(
    accessToken: string,
    medium: { type: MediaType; filename: string; contentType: string; bytes: Uint8Array },
  ): Promise<WechatAnswer<{ media_id: string }>>
  /** Every tag of the account. */
  tags(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.tags>>>
  createTag(accessToken: string, name: string): Promise<WechatAnswer<z.infer<typeof shapes.createdTag>>>
  /** Adds a tag to a follower, or removes it. Both may be repeated. */
  tagFollower(
    accessToken: string,
    call: { openId: string; tagId: number; how: 'tag' | 'untag' },
  ): Promise<WechatAnswer<object>>
  /**
   * Opens a session of a follower with a human agent, `name@account`: 创建会话. Errcode 0 too when it is open. The agent must be
   * online: https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_createkfsession.html
   */
  openAgentSession(
    accessToken: string,
    session: { openId: string; agent: string },
  ): Promise<WechatAnswer<object>>
  /** `expiresIn`: seconds, at most 30 days; null for a permanent code, of which an account may have 100,000. */
  createQrcode(
    accessToken: string,
    code: { scene: string; expiresIn: number | null },
  ): Promise<WechatAnswer<z.infer<typeof shapes.qrTicket>>>
  createMenu(accessToken: string, menu: Menu): Promise<WechatAnswer<object>>
  /** The menu that was created through this API; errcode 46003 when there is none. */
  menu(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.menu>>>
  /** The menu in use, including one that was created in WeChat's console. */
  currentMenu(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.currentMenu>>>
  /** Deletes the menu, and conditional menus (个性化菜单) with it. */
  deleteMenu(accessToken: string): Promise<WechatAnswer<object>>
  quota(accessToken: string, cgiPath: string): Promise<WechatAnswer<z.infer<typeof shapes.quota>>>
  apiDomainIp(accessToken: string): Promise<WechatAnswer<z.infer<typeof shapes.ipList>>>
  /** Any other JSON call. `shape` is the documented shape of its success. */
  post: Post
}

/** Creates a client for one API host. */
export function createWechatClient(options: TransportOptions): WechatClient {
  const transport = new WechatTransport(options)
  const get: Get = (path, query, shape) => transport.get(path, query, shape)
  const post: Post = (path, query, body, shape) => transport.post(path, query, body, shape)
  return {
    post,
    stableToken: ({ appId: appid, appSecret: secret, forceRefresh: force_refresh = false }) => {
      const body = { grant_type: 'client_credential', appid, secret, force_refresh }
      return post('/cgi-bin/stable_token', {}, body, shapes.accessToken)
    },
    customSend: (access_token, body) =>
      post('/cgi-bin/message/custom/send', { access_token }, body, shapes.done),
    typing: (access_token, touser) => {
      const body = { touser, command: 'Typing' }
      return post('/cgi-bin/message/custom/typing', { access_token }, body, shapes.done)
    },
    userInfo: (access_token, openid) =>
      get('/cgi-bin/user/info', { access_token, openid, lang: 'zh_CN' }, shapes.userInfo),
    tags: (access_token) => get('/cgi-bin/tags/get', { access_token }, shapes.tags),
    createTag: (access_token, name) =>
      post('/cgi-bin/tags/create', { access_token }, { tag: { name } }, shapes.createdTag),
    tagFollower: (access_token, { openId, tagId: tagid, how }) => {
      const path = `/cgi-bin/tags/members/batch${how === 'tag' ? 'tagging' : 'untagging'}`
      return post(path, { access_token }, { openid_list: [openId], tagid }, shapes.done)
    },
    uploadMedia: (access_token, { type, ...file }) =>
      transport.upload(
        '/cgi-bin/media/upload',
        { access_token, type },
        file,
        type === 'thumb' ? shapes.thumbUpload : shapes.upload,
      ),
    openAgentSession: (access_token, { openId: openid, agent: kf_account }) =>
      post('/customservice/kfsession/create', { access_token }, { kf_account, openid }, shapes.done),
    createQrcode: (access_token, { scene: scene_str, expiresIn }) => {
      const kind =
        expiresIn === null
          ? { action_name: 'QR_LIMIT_STR_SCENE' }
          : { action_name: 'QR_STR_SCENE', expire_seconds: expiresIn }
      const body = { ...kind, action_info: { scene: { scene_str } } }
      return post('/cgi-bin/qrcode/create', { access_token }, body, shapes.qrTicket)
    },
    createMenu: (access_token, menu) => post('/cgi-bin/menu/create', { access_token }, menu, shapes.done),
    menu: (access_token) => get('/cgi-bin/menu/get', { access_token }, shapes.menu),
    currentMenu: (access_token) =>
      get('/cgi-bin/get_current_selfmenu_info', { access_token }, shapes.currentMenu),
    deleteMenu: (access_token) => get('/cgi-bin/menu/delete', { access_token }, shapes.done),
    quota: (access_token, cgi_path) =>
      post('/cgi-bin/openapi/quota/get', { access_token }, { cgi_path }, shapes.quota),
    apiDomainIp: (access_token) => get('/cgi-bin/get_api_domain_ip', { access_token }, shapes.ipList),
  }
}
