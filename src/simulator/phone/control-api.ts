import { Hono } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { z } from 'zod'
import { readFault } from '../api/faults.ts'
import { contextOf, listActions, readAction } from '../callbacks/action-catalog.ts'
import { fileAnswer } from '../callbacks/media-samples.ts'
import { createAccount, SettingsError, setServer } from '../callbacks/server-config.ts'
import { readFields, readObject } from '../control-body.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { setAgent } from '../state/model.ts'
import type { FollowerKey } from '../state/simulator-state.ts'
import { followerView } from './follower-view.ts'

/** Options beside the action's own fields. `createTime`: s. */
const actionBody = z.looseObject({
  times: z.int().min(1).optional(),
  createTime: z.number().optional(),
})
const fastForwardBody = z.strictObject({ ms: z.number().optional(), toNext: z.boolean().optional() })
const agentBody = z.strictObject({ online: z.boolean() })
const MAX_DELIVERIES = 10
const MAX_FAST_FORWARD_MS = 7 * 86_400_000
const KEEP_ALIVE_MS = 15_000
/** Phones of one stream, and of one page. */
export const MAX_PHONES = 6

/** `/_sim/*`: control calls for the phone page and for scripts. JSON in, JSON out. */
export function createControl(wechat: SimulatedWechat): Hono {
  const app = new Hono()
  app.onError((err, c) =>
    c.json(
      {
        error: err.message,
        ...(err instanceof SettingsError ? { reason: err.reason, check: err.check } : {}),
      },
      400,
    ),
  )
  addAccountRoutes(app, wechat)
  addFollowerRoutes(app, wechat)
  addFaultRoutes(app, wechat)
  return app
}

function addAccountRoutes(app: Hono, wechat: SimulatedWechat): void {
  app.get('/_sim/accounts', (c) =>
    c.json({
      items: [...wechat.accounts.values()].map((a) => ({
        appId: a.appId,
        name: a.name,
        profile: a.profile,
        mode: a.mode,
        served: wechat.servedBy(a),
        server: { callbackUrl: a.callbackUrl, mode: a.mode, format: a.format },
        // A crowd is too large for a list.
        followers: [...a.followers.values()]
          .filter((f) => f.crowd === null)
          .map((f) => ({ openId: f.openId, following: f.following })),
      })),
    }),
  )
  app.post('/_sim/accounts', async (c) => {
    const { account, check } = await createAccount(wechat, await readObject(c))
    const { appId, appSecret, token, encodingAesKey, mode, format, callbackUrl } = account
    // The only answer with credentials: a script that creates an account needs them.
    return c.json({ appId, appSecret, token, encodingAesKey, mode, format, callbackUrl, check }, 201)
  })
  app.put('/_sim/accounts/:appId/server', async (c) => {
    const check = await setServer(wechat, c.req.param('appId'), await readObject(c))
    const { callbackUrl, mode, format } = wechat.account(c.req.param('appId'))
    return c.json({ callbackUrl, mode, format, check })
  })
  app.put('/_sim/accounts/:appId/agents/:kfAccount', async (c) => {
    const { online } = readFields(agentBody, await readObject(c))
    const account = wechat.account(c.req.param('appId'))
    setAgent(account, c.req.param('kfAccount'), online)
    const items = account.agents.map((a) => ({ kfAccount: a.kfAccount, online: a.online }))
    return c.json({ items })
  })
  app.get('/_sim/media/:id', (c) => {
    for (const { media } of wechat.accounts.values()) {
      const found = media.get(c.req.param('id'))
      if (found?.content) return fileAnswer(found)
    }
    return c.json({ error: `the simulator has no file ${c.req.param('id')}` }, 404)
  })
}

function addFollowerRoutes(app: Hono, wechat: SimulatedWechat): void {
  app.get('/_sim/acts', (c) => c.json({ items: listActions() }))
  app.get('/_sim/:appId/:openId/state', (c) => c.json(followerView(wechat, c.req.param())))
  app.get('/_sim/:appId/:openId/events', (c) =>
    streamSSE(c, (stream) => streamChanges(wechat, [c.req.param()], stream)),
  )
  app.get('/_sim/events', (c) => {
    const keys = readKeys(wechat, c.req.queries('phone') ?? [])
    return streamSSE(c, (stream) => streamChanges(wechat, keys, stream))
  })
  app.get('/_sim/:appId/:openId/next', async (c) => {
    wechat.account(c.req.param('appId'))
    return c.json({ at: await wechat.nextAt(c.req.param()) })
  })
  app.post('/_sim/:appId/:openId/act', async (c) => {
    const { times, createTime, ...body } = readFields(actionBody, await readObject(c))
    const action = readAction(body, contextOf(wechat, c.req.param()))
    const options = {
      ...(times === undefined ? {} : { times: Math.min(MAX_DELIVERIES, times) }),
      ...(createTime === undefined ? {} : { createTime }),
    }
    return c.json(await wechat.act(c.req.param(), action, options))
  })
  app.post('/_sim/:appId/:openId/fast-forward', async (c) => {
    const { ms, toNext } = readFields(fastForwardBody, await readObject(c))
    if (toNext) return c.json({ moved: await wechat.fastForwardToNext(c.req.param()) })
    if (ms === undefined || !(ms > 0) || ms > MAX_FAST_FORWARD_MS)
      throw new Error('ms must be 1 to 604800000 (7 days), or toNext must be true')
    await wechat.fastForward(c.req.param(), ms)
    return c.json({ moved: true })
  })
}

function addFaultRoutes(app: Hono, wechat: SimulatedWechat): void {
  app.get('/_sim/faults', (c) => c.json({ items: wechat.faults.list() }))
  app.post('/_sim/faults', async (c) => {
    const order = readFault(await readObject(c))
    if ('invalidateToken' in order) {
      wechat.account(order.invalidateToken)
      wechat.tokens.get(order.invalidateToken)?.invalidate()
    } else if ('duplicateCallback' in order) wechat.duplicateCallbacks(order.duplicateCallback)
    else wechat.faults.add(order)
    return c.json({ items: wechat.faults.list() })
  })
  app.delete('/_sim/faults', (c) => {
    wechat.faults.clear()
    return c.json({ items: [] })
  })
}

/**
 * Sends the state of each follower at once and after each change. Simultaneous changes are sent once. One stream serves
 * several phones, because a browser opens at most six connections to a host.
 */
async function streamChanges(
  wechat: SimulatedWechat,
  keys: readonly FollowerKey[],
  stream: SSEStreamingApi,
): Promise<void> {
  let wake = () => {}
  const watched = new Map(keys.map((key) => [idOf(key), key]))
  const changed = new Set(watched.keys())
  const stop = wechat.listen((key) => {
    if (!watched.has(idOf(key))) return
    changed.add(idOf(key))
    wake()
  })
  stream.onAbort(() => {
    stop()
    wake()
  })
  while (!stream.aborted) {
    for (const id of changed) {
      changed.delete(id)
      const key = watched.get(id)
      if (key) await stream.writeSSE({ event: 'changed', data: JSON.stringify(followerView(wechat, key)) })
    }
    let timer: NodeJS.Timeout | undefined
    const isQuiet = await new Promise<boolean>((resolve) => {
      wake = () => resolve(false)
      if (changed.size > 0 || stream.aborted) resolve(false)
      else timer = setTimeout(() => resolve(true), KEEP_ALIVE_MS).unref()
    })
    clearTimeout(timer)
    if (isQuiet) await stream.writeSSE({ event: 'alive', data: '' })
  }
}

const idOf = ({ appId, openId }: FollowerKey) => `${appId}/${openId}`

/** @throws Error when one of them is not `APPID/OPENID` of a known account, or when there are too many */
function readKeys(wechat: SimulatedWechat, phones: readonly string[]): FollowerKey[] {
  if (phones.length === 0 || phones.length > MAX_PHONES)
    throw new Error(`give 1 to ${MAX_PHONES} phones: ?phone=APPID/OPENID`)
  return phones.map((phone) => {
    const [appId = '', openId = '', ...rest] = phone.split('/')
    if (openId === '' || rest.length > 0) throw new Error(`phone must be APPID/OPENID, not ${phone}`)
    wechat.account(appId)
    return { appId, openId }
  })
}
