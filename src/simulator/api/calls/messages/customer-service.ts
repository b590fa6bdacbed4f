import { z } from 'zod'
import type { SimAccountState, SimAgent, SimFollower } from '../../../state/model.ts'
import { failed } from '../../fault-responses.ts'
import type { ApiContext, Router } from '../../router.ts'
import { isPngOrJpeg } from '../../upload-rules.ts'
import { done, withBody } from '../../with-body.ts'

const AGENTS_MAX = 100
const NICK_MAX = 16
const DAY_S = 86_400
const RECORDS_MAX = 10_000
const WAITING_MAX = 100

/**
 * 客服管理, 会话控制 and 聊天记录. Codes: 65400–65417.
 * Sources: https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Management.html ,
 * …/Session_control.html , …/Obtain_chat_transcript.html
 */
export function registerCustomerService(router: Router): void {
  registerAgentLists(router)
  registerAgents(router)
  registerSessions(router)
  registerRecords(router)
}

function registerAgentLists({ route }: Router): void {
  route('GET', '/cgi-bin/customservice/getkflist', ({ account }) => ({
    kf_list: account.agents.map((agent) => ({
      kf_account: agent.kfAccount,
      kf_headimgurl: agent.headImgUrl ?? '',
      kf_id: numberOf(agent),
      kf_nick: agent.nick,
      ...(agent.wx === undefined ? {} : { kf_wx: agent.wx }),
    })),
  }))
  // `status` 1 is the web client.
  route('GET', '/cgi-bin/customservice/getonlinekflist', ({ account }) => ({
    kf_online_list: account.agents
      .filter((agent) => agent.wx !== undefined && agent.online)
      .map((agent) => ({
        kf_account: agent.kfAccount,
        status: 1,
        kf_id: numberOf(agent),
        accepted_case: sessionsOf(account, agent.kfAccount).length,
      })),
  }))
}

/** A string in WeChat's example. silenceper/wechat reads a number, and the other SDKs accept both. */
function numberOf({ id }: SimAgent): number {
  return Number(id)
}

const withAccount = z.object({ kf_account: z.string() })
const withNickname = withAccount.extend({ nickname: z.string() })

function registerAgents({ route, wechat }: Router): void {
  const path = (name: string) => `/customservice/kfaccount/${name}`
  route(
    'POST',
    path('add'),
    withBody(withNickname, ({ kf_account, nickname }, { account }) => {
      const code = checkName(kf_account) || checkNickname(nickname)
      if (code !== 0) return failed(code)
      if (find(account, kf_account)) return failed(65406)
      if (account.agents.length >= AGENTS_MAX) return failed(65405)
      const id = Math.max(1_000, ...account.agents.map(numberOf)) + 1
      account.agents.push({ kfAccount: kf_account, nick: nickname, id: String(id), online: true })
      return done()
    }),
  )
  route(
    'POST',
    path('update'),
    withBody(withNickname, ({ kf_account, nickname }, { account }) => {
      const agent = find(account, kf_account)
      const code = agent ? checkNickname(nickname) : 65401
      if (agent && code === 0) agent.nick = nickname
      return failed(code)
    }),
  )
  const remove = (account: SimAccountState, name: string) => {
    if (!find(account, name)) return failed(65401)
    account.agents = account.agents.filter((a) => a.kfAccount !== name)
    return done()
  }
  route('GET', path('del'), ({ c, account }) => remove(account, c.req.query('kf_account') ?? ''))
  // WeChat's page has GET. silenceper/wechat posts the call (officialaccount/customerservice/manager.go) and works with WeChat.
  route(
    'POST',
    path('del'),
    withBody(withAccount, ({ kf_account }, { account }) => remove(account, kf_account)),
  )
  route(
    'POST',
    path('inviteworker'),
    withBody(withAccount.extend({ invite_wx: z.string() }), ({ kf_account, invite_wx }, { account }) => {
      const agent = find(account, kf_account)
      if (!agent) return failed(65401)
      if (invite_wx === '') return failed(65409)
      if (agent.wx !== undefined) return failed(65408)
      // Nobody can accept the invitation here, so it takes effect at once (inferred: at WeChat it waits).
      agent.wx = invite_wx
      return done()
    }),
  )
  route(
    'POST',
    path('uploadheadimg'),
    async ({ c, account }) => {
      const agent = find(account, c.req.query('kf_account') ?? '')
      if (!agent) return failed(65401)
      const file = (await c.req.parseBody()).media
      if (!(file instanceof File)) return failed(41005)
      const content = new Uint8Array(await file.arrayBuffer())
      if (!isPngOrJpeg(content)) return failed(40005)
      const key = `agent_${agent.id}_${wechat.now()}`
      const contentType = file.type
      account.media.set(key, { type: 'picture', expiresAt: Number.POSITIVE_INFINITY, content, contentType })
      agent.headImgUrl = `${new URL(c.req.url).origin}/_sim/media/${key}`
      return done()
    },
    { body: 'form' },
  )
}

const session = withAccount.extend({ openid: z.string() })

/** A session that the API opens or closes is pushed as an event too. */
function registerSessions({ route, wechat }: Router): void {
  const path = (name: string) => `/customservice/kfsession/${name}`
  route(
    'POST',
    path('create'),
    withBody(session, ({ kf_account, openid }, { account }) => {
      const agent = find(account, kf_account)
      const follower = account.followers.get(openid)
      if (!agent) return failed(65401)
      if (!follower?.following) return failed(40003)
      if (agent.wx === undefined) return failed(65402)
      // The page says "must be online". The code is that of the enumeration of all codes: 65415, the worker is not online.
      if (!agent.online) return failed(65415)
      if (follower.agent && follower.agent.account !== kf_account) return failed(65414)
      if (!follower.agent) openSession(wechat, account, follower, kf_account)
      return done()
    }),
  )
  route(
    'POST',
    path('close'),
    withBody(session, ({ kf_account, openid }, { account }) => {
      const follower = account.followers.get(openid)
      if (!find(account, kf_account)) return failed(65401)
      if (!follower) return failed(40003)
      if (!follower.agent) return failed(65413)
      if (follower.agent.account !== kf_account) return failed(65414)
      follower.agent = null
      pushEvent(
        wechat,
        account,
        follower,
        { Event: 'kf_close_session', KfAccount: kf_account, CloseType: 'KF' },
        '人工客服已离开',
      )
      return done()
    }),
  )
  route('GET', path('getsession'), ({ c, account }) => {
    const follower = account.followers.get(c.req.query('openid') ?? '')
    if (!follower) return failed(40003)
    const { agent } = follower
    // Without a session the account is empty. That the time is 0 then is inferred.
    return {
      ...done(),
      kf_account: agent?.account ?? '',
      createtime: agent ? Math.floor(agent.since / 1000) : 0,
    }
  })
  route('GET', path('getsessionlist'), ({ c, account }) => {
    const name = c.req.query('kf_account') ?? ''
    if (!find(account, name)) return failed(65401)
    const sessionlist = sessionsOf(account, name).map(({ openId, agent }) => ({
      createtime: Math.floor((agent?.since ?? 0) / 1000),
      openid: openId,
    }))
    return { sessionlist }
  })
  route('GET', path('getwaitcase'), ({ account }) => {
    const waiting = [...account.followers.values()].filter(isWaiting)
    const waitcaselist = waiting.slice(0, WAITING_MAX).map(({ openId, lastInteractionAt }) => ({
      latest_time: Math.floor(lastInteractionAt / 1000),
      openid: openId,
    }))
    return { count: waiting.length, waitcaselist }
  })
}

/** Whether the last passive reply handed the follower to human agents and no agent has joined since. */
function isWaiting({ agent, messages }: SimFollower): boolean {
  const last = messages.findLast((m) => m.from === 'account')
  return agent === null && last?.kind === 'transfer_customer_service'
}

function openSession(
  wechat: ApiContext,
  account: SimAccountState,
  follower: SimFollower,
  kf_account: string,
): void {
  follower.agent = { account: kf_account, since: wechat.clockOf(follower) }
  account.records.agentRecords.push({
    msgid: account.records.agentRecords.length + 1,
    openid: follower.openId,
    opercode: 2002,
    text: `您好，客服${find(account, kf_account)?.nick ?? ''}为您服务。`,
    time: Math.floor(wechat.clockOf(follower) / 1000),
    worker: kf_account,
  })
  pushEvent(
    wechat,
    account,
    follower,
    { Event: 'kf_create_session', KfAccount: kf_account },
    '人工客服已接入',
  )
}

/** Pushes an event of the session right after the answer to the call. */
function pushEvent(
  wechat: ApiContext,
  { appId }: SimAccountState,
  { openId }: SimFollower,
  fields: Record<string, string>,
  text: string,
): void {
  const shows = { from: 'system' as const, kind: 'text', content: { text } }
  setImmediate(() => void wechat.act({ appId, openId }, { fields: { MsgType: 'event', ...fields }, shows }))
}

const period = z.object({
  starttime: z.int().min(0),
  endtime: z.int().min(0),
  msgid: z.int().min(1),
  number: z.int().min(1).max(RECORDS_MAX),
})

/**
 * `msgrecord/getmsglist`. 65416: invalid query; 65417: more than a day. The list contains what followers say during a
 * session too.
 */
function registerRecords({ route }: Router): void {
  const list = withBody(
    period,
    ({ starttime, endtime, msgid, number }, { account }) => {
      if (endtime < starttime) return failed(65416)
      if (endtime - starttime > DAY_S) return failed(65417)
      const all = account.records.agentRecords.filter((r) => r.time >= starttime && r.time <= endtime)
      const page = all.filter((r) => r.msgid >= msgid).slice(0, number)
      const recordlist = page.map(({ msgid: _, ...record }) => record)
      return { recordlist, number: recordlist.length, msgid: (page.at(-1)?.msgid ?? msgid - 1) + 1 }
    },
    65416,
  )
  route('POST', '/customservice/msgrecord/getmsglist', list)
}

function find(account: SimAccountState, name: string): SimAgent | undefined {
  return account.agents.find((a) => a.kfAccount === name)
}

function sessionsOf(account: SimAccountState, name: string): SimFollower[] {
  return [...account.followers.values()].filter((f) => f.agent?.account === name)
}

/** Up to 10 letters, digits and underscores, an @ and the account's 微信号. */
function checkName(name: string): number {
  return /^\w{1,10}@[\w-]+$/.test(name) ? 0 : 65404
}

function checkNickname(nick: string): number {
  return nick !== '' && [...nick].length <= NICK_MAX ? 0 : 65403
}
