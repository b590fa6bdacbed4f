import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { type Answer, failed, hidesAnswer, parse, readJson, textOrNull, withFaults } from './answering.ts'
import { authoriserOf, type ComponentState, maySend } from './component.ts'
import type { Fault, FaultBox } from './faults.ts'
import { judgeMenu, selfMenuInfo, withSubButtons } from './menu.ts'
import {
  chargeSend,
  type SendLogEntry,
  type SimAccountState,
  type SimButton,
  type SimFollower,
} from './model.ts'
import { readCode } from './qrcode.ts'
import { judgeContent, judgeUpload } from './send-rules.ts'
import { createTag, deleteTag, listTags, tagMembers, updateTag, userInfo } from './tags.ts'
import type { SimTokens } from './tokens.ts'

export interface ApiWorld {
  accounts: Map<string, SimAccountState>
  tokens: Map<string, SimTokens>
  components: Map<string, ComponentState>
  faults: FaultBox
  /** Real time. */
  now(): number
  clockOf(follower: SimFollower): number
  /** Something that a page shows has changed. */
  changed(appId: string, openId: string): void
  /** The same, for every follower of an account. */
  accountChanged(appId: string): void
}

/** What an account may call without certification. */
const FOR_EVERY_ACCOUNT = /_ip$|get_current_selfmenu_info$/

/** WeChat's words for a code. */
const coded = (answer: Answer) => (typeof answer.errcode === 'number' ? failed(answer.errcode) : answer)

interface Call {
  c: Context
  account: SimAccountState
  raw: string
  body: Record<string, unknown>
  /** What goes wrong with it, if anything does. */
  fault: Fault
}

/** WeChat's API side: tokens, `custom/send` and what else the product calls, with WeChat's codes and limits. */
export function createApi(world: ApiWorld): Hono {
  const { now } = world
  const app = new Hono()
  app.post('/cgi-bin/stable_token', async (c) => {
    const body = await readJson(c)
    return withFaults(world.faults, c, textOrNull(body.appid), async () => {
      const found = credentials(body.appid, body.secret, c)
      if ('errcode' in found) return found
      const issued = found.tokens.stableToken(now(), body.force_refresh === true)
      return 'errcode' in issued ? failed(issued.errcode) : issued
    })
  })
  app.get('/cgi-bin/token', (c) =>
    withFaults(world.faults, c, textOrNull(c.req.query('appid')), async () => {
      const found = credentials(c.req.query('appid'), c.req.query('secret'), c)
      return 'errcode' in found ? found : found.tokens.plainToken(now())
    }),
  )
  route('POST', '/cgi-bin/message/custom/send', send)
  route('POST', '/cgi-bin/message/custom/typing', typing)
  route('GET', '/cgi-bin/user/info', ({ c, account }) => {
    const follower = account.followers.get(c.req.query('openid') ?? '')
    if (!follower) return failed(40003)
    return userInfo(follower)
  })
  route('POST', '/cgi-bin/tags/create', ({ account, body }) => coded(createTag(account, body)))
  route('GET', '/cgi-bin/tags/get', ({ account }) => coded(listTags(account)))
  route('POST', '/cgi-bin/tags/update', ({ account, body }) => coded(updateTag(account, body)))
  route('POST', '/cgi-bin/tags/delete', ({ account, body }) => coded(deleteTag(account, body)))
  for (const how of ['tag', 'untag'] as const) {
    route('POST', `/cgi-bin/tags/members/batch${how}ging`, ({ account, body }) =>
      coded(tagMembers(account, body, how)),
    )
  }
  route('POST', '/cgi-bin/tags/getidlist', ({ account, body }) => {
    const follower = account.followers.get(String(body.openid ?? ''))
    return follower ? { tagid_list: follower.tagIds } : failed(40003)
  })
  route('POST', '/cgi-bin/media/upload', async ({ c, account }) => {
    const type = c.req.query('type') ?? ''
    const file = (await c.req.parseBody()).media
    if (!(file instanceof File)) return failed(41005)
    const code = judgeUpload(type, file.size)
    if (code !== 0) return failed(code)
    const media_id = `test_${randomBytes(32).toString('base64url')}`
    account.media.set(media_id, { type, expiresAt: now() + 3 * 86_400_000 })
    return { type, media_id, created_at: Math.floor(now() / 1000) }
  })
  route('POST', '/cgi-bin/qrcode/create', ({ account, body }) => {
    const code = readCode(body)
    if ('errcode' in code) return failed(code.errcode)
    const { scene, seconds } = code
    account.codes = account.codes.filter((known) => known.scene !== scene)
    account.codes.push({ scene, expiresAt: seconds === null ? null : now() + seconds * 1000 })
    world.accountChanged(account.appId)
    const ticket = `test_${randomBytes(32).toString('base64url')}==`
    const url = `http://weixin.qq.com/q/${randomBytes(12).toString('base64url')}`
    return { ticket, ...(seconds === null ? {} : { expire_seconds: seconds }), url }
  })
  route('POST', '/cgi-bin/menu/create', ({ account, body }) => {
    const code = judgeMenu(body.button)
    if (code === 0) setMenu(account, body.button as SimButton[])
    return failed(code)
  })
  route('GET', '/cgi-bin/menu/get', ({ account }) =>
    account.apiMenu?.length ? { menu: { button: withSubButtons(account.apiMenu) } } : failed(46003),
  )
  route('GET', '/cgi-bin/menu/delete', ({ account }) => {
    setMenu(account, [])
    return failed(0)
  })
  route('GET', '/cgi-bin/get_current_selfmenu_info', ({ account }) => selfMenuInfo(account))
  route('POST', '/cgi-bin/openapi/quota/get', ({ account }) => {
    const used = today(account).count
    return {
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: account.dailyQuota, used, remain: Math.max(0, account.dailyQuota - used) },
      rate_limit: { call_count: account.minuteLimit, refresh_second: 60 },
    }
  })
  route('POST', '/cgi-bin/clear_quota', ({ account }) => {
    account.sentToday.count = 0
    return { errcode: 0, errmsg: 'ok' }
  })
  route('GET', '/cgi-bin/get_api_domain_ip', () => ({ ip_list: ['127.0.0.1'] }))
  route('GET', '/cgi-bin/getcallbackip', () => ({ ip_list: ['127.0.0.1'] }))
  return app

  function route(
    method: 'GET' | 'POST',
    path: string,
    handle: (call: Call) => Answer | Promise<Answer>,
  ): void {
    app.on(method, path, async (c) => {
      const token = c.req.query('access_token') ?? ''
      const { account, check, sent } = holderOf(token, path)
      const isJson = method === 'POST' && !path.includes('upload')
      const raw = isJson ? await c.req.text() : ''
      const body = isJson ? parse(raw) : {}
      const openId = typeof body?.touser === 'string' ? body.touser : null
      return withFaults(
        world.faults,
        c,
        account?.appId ?? null,
        async (fault) => {
          if (!token) return failed(41001)
          if (!account) return failed(check())
          account.calls.set(path, (account.calls.get(path) ?? 0) + 1)
          const code = check()
          if (code !== 0) return failed(code)
          if (isJson && !body) return failed(raw === '' ? 44002 : 47001)
          if (!account.certified && !FOR_EVERY_ACCOUNT.test(path)) return failed(48001)
          sent()
          return handle({ c, account, raw, body: body ?? {}, fault })
        },
        openId,
        // A fault's code is an answer too: the judge must see that the request came.
        (errcode) =>
          account &&
          openId &&
          path.endsWith('custom/send') &&
          logSend(account, openId, body ?? {}, { errcode, unclear: errcode === null }),
      )
    })
  }

  /** Whose token this is, and what WeChat says to it: an account's own, or one that a platform got for it. */
  function holderOf(token: string, path: string) {
    const nothing = () => {}
    const own = [...world.accounts.values()].find((a) => world.tokens.get(a.appId)?.owns(token))
    if (own)
      return {
        account: own,
        check: () => world.tokens.get(own.appId)?.check(token, now()) ?? 40001,
        sent: nothing,
      }
    const found = authoriserOf(world.components.values(), token)
    if (!found) {
      const isComponents = [...world.components.values()].some((c) => c.tokens.owns(token))
      return { account: null, check: () => (isComponents ? 61015 : 40001), sent: nothing }
    }
    const { authorisation, withdrawn } = found
    return {
      account: world.accounts.get(authorisation.appId) ?? null,
      check() {
        if (withdrawn) return 61003
        const code = authorisation.tokens.check(token, now())
        return code === 0 && path.includes('/message/custom/') && !maySend(authorisation) ? 61007 : code
      },
      sent: () => void (path.endsWith('custom/send') && authorisation.sentWith.push(token)),
    }
  }

  function setMenu(account: SimAccountState, buttons: SimButton[]): void {
    account.apiMenu = buttons
    world.accountChanged(account.appId)
  }

  function send({ account, body, raw, fault }: Call): Answer {
    const openId = typeof body.touser === 'string' ? body.touser : ''
    const errcode = judgeSend(account, openId, body, raw)
    logSend(account, openId, body, { errcode, unclear: hidesAnswer(fault) })
    const follower = account.followers.get(openId)
    if (errcode === 0 && follower) {
      const kind = String(body.msgtype)
      const content = {
        ...(body[kind] as object),
        as: (body.customservice as { kf_account?: string })?.kf_account,
      }
      follower.messages.push({ at: world.clockOf(follower), from: 'account', via: 'custom', kind, content })
      follower.typingUntil = 0
      world.changed(account.appId, openId)
    }
    return failed(errcode)
  }

  function judgeSend(
    account: SimAccountState,
    openId: string,
    body: Record<string, unknown>,
    raw: string,
  ): number {
    const limit = countCall(account)
    if (limit !== 0) return limit
    const follower = account.followers.get(openId)
    if (!follower) return 40003
    const content = judgeContent(account, body, raw, now())
    if (content !== 0) return content
    if (follower.refuses) return 48002
    return chargeSend(follower, world.clockOf(follower))
  }

  function countCall(account: SimAccountState): 0 | 45009 | 45011 {
    const minute = Math.floor(now() / 60_000)
    if (account.sentThisMinute.minute !== minute) account.sentThisMinute = { minute, count: 0 }
    if (today(account).count >= account.dailyQuota) return 45009
    if (account.sentThisMinute.count >= account.minuteLimit) return 45011
    account.sentToday.count += 1
    account.sentThisMinute.count += 1
    return 0
  }

  /** What was sent today; days begin at midnight in Beijing. */
  function today(account: SimAccountState): { day: number; count: number } {
    const day = Math.floor((now() + 28_800_000) / 86_400_000)
    if (account.sentToday.day !== day) account.sentToday = { day, count: 0 }
    return account.sentToday
  }

  function logSend(
    account: SimAccountState,
    openId: string,
    body: Record<string, unknown>,
    verdict: Pick<SendLogEntry, 'errcode' | 'unclear'>,
  ): void {
    const follower = account.followers.get(openId)
    const virtualAt = follower ? world.clockOf(follower) : now()
    const delivered = verdict.errcode === 0
    account.sends.push({ at: now(), virtualAt, openId, body, delivered, ...verdict })
    world.changed(account.appId, openId)
  }

  function typing({ account, body }: Call): Answer {
    const follower = account.followers.get(String(body.touser ?? ''))
    if (!follower) return failed(40003)
    const at = world.clockOf(follower)
    if (body.command === 'CancelTyping') {
      follower.typingUntil = 0
      return failed(0)
    }
    if (body.command !== 'Typing') return failed(45072)
    if (at - follower.lastInteractionAt > 30_000) return failed(45080)
    if (follower.typingUntil > at) return failed(45081)
    follower.typingUntil = at + 15_000
    world.changed(account.appId, follower.openId)
    return failed(0)
  }

  function credentials(
    appid: unknown,
    secret: unknown,
    c: Context,
  ): { tokens: SimTokens } | { errcode: number; errmsg: string } {
    if (world.components.has(String(appid ?? ''))) return failed(61024)
    const account = world.accounts.get(String(appid ?? ''))
    const tokens = account && world.tokens.get(account.appId)
    if (!account || !tokens) return failed(40013)
    if (account.appSecret !== secret) return failed(40125)
    if (!account.ipWhitelisted) {
      const ip = c.req.header('x-forwarded-for') ?? '127.0.0.1'
      return failed(40164, `invalid ip ${ip} ipv6 ::ffff:${ip}, not in whitelist`)
    }
    return { tokens }
  }
}
