import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { z } from 'zod'
import { readFault } from '../api/faults.ts'
import { CUSTOM_SEND, usedToday } from '../api/quota.ts'
import { contextOf, listActions, readAction } from '../callbacks/action-catalog.ts'
import { fileAnswer } from '../callbacks/media-samples.ts'
import { createAccount, SettingsError, setServer } from '../callbacks/server-config.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { menuFor } from '../state/menu.ts'
import { scenesOf } from '../state/qrcodes.ts'

/** What every act may have beside its own fields. `createTime`: s. */
const actionBody = z.looseObject({
  times: z.number().min(1).optional(),
  createTime: z.number().optional(),
})

/** `/_sim/*`: what the phone page and shell scripts drive the simulator with. JSON in, JSON out. */
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

  app.get('/_sim/accounts', (c) =>
    c.json({
      items: [...wechat.accounts.values()].map((a) => ({
        appId: a.appId,
        name: a.name,
        profile: a.profile,
        mode: a.mode,
        served: wechat.servedBy(a),
        server: { callbackUrl: a.callbackUrl, mode: a.mode, format: a.format },
        followers: [...a.followers.values()].map((f) => ({ openId: f.openId, following: f.following })),
      })),
    }),
  )
  app.get('/_sim/acts', (c) => c.json({ items: listActions() }))
  app.post('/_sim/accounts', async (c) => {
    const { account, check } = await createAccount(wechat, await c.req.json())
    const { appId, appSecret, token, encodingAesKey, mode, format, callbackUrl } = account
    // Shown this once: a script that makes an account must know how to use it.
    return c.json({ appId, appSecret, token, encodingAesKey, mode, format, callbackUrl, check }, 201)
  })
  app.put('/_sim/accounts/:appId/server', async (c) => {
    const check = await setServer(wechat, c.req.param('appId'), await c.req.json())
    const { callbackUrl, mode, format } = wechat.account(c.req.param('appId'))
    return c.json({ callbackUrl, mode, format, check })
  })
  app.get('/_sim/media/:id', (c) => {
    for (const { media } of wechat.accounts.values()) {
      const found = media.get(c.req.param('id'))
      if (found?.content) return fileAnswer(found)
    }
    return c.json({ error: 'the simulator has no such picture' }, 404)
  })
  app.get('/_sim/:appId/:openId/state', (c) => c.json(stateOf(c.req.param())))
  app.get('/_sim/:appId/:openId/events', (c) =>
    streamSSE(c, async (stream) => {
      const { appId, openId } = c.req.param()
      let wake = () => {}
      let changes = 1
      const stop = wechat.listen((who) => {
        if (who.appId !== appId || who.openId !== openId) return
        changes += 1
        wake()
      })
      stream.onAbort(() => {
        stop()
        wake()
      })
      while (!stream.aborted) {
        if (changes > 0) {
          changes = 0
          await stream.writeSSE({ event: 'changed', data: JSON.stringify(stateOf({ appId, openId })) })
        }
        await new Promise<void>((resolve) => {
          wake = resolve
          if (changes > 0) resolve()
          setTimeout(resolve, 15_000).unref()
        })
      }
    }),
  )
  app.post('/_sim/:appId/:openId/act', async (c) => {
    const { times, createTime, ...requested } = actionBody.parse(await c.req.json())
    const action = readAction(requested, contextOf(wechat, c.req.param()))
    const options = {
      ...(times === undefined ? {} : { times: Math.min(10, times) }),
      ...(createTime === undefined ? {} : { createTime }),
    }
    return c.json(await wechat.act(c.req.param(), action, options))
  })
  app.post('/_sim/:appId/:openId/fast-forward', async (c) => {
    const { ms, toNext } = (await c.req.json()) as { ms?: number; toNext?: boolean }
    if (toNext) return c.json({ moved: await wechat.fastForwardToNext(c.req.param()) })
    if (typeof ms !== 'number' || !(ms > 0) || ms > 7 * 86_400_000)
      throw new Error('ms must be 1 to 604800000 (7 days); or give toNext: true')
    await wechat.fastForward(c.req.param(), ms)
    return c.json({ moved: true })
  })
  app.get('/_sim/faults', (c) => c.json({ items: wechat.faults.list() }))
  app.post('/_sim/faults', async (c) => {
    const order = readFault(await c.req.json())
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
  return app

  function stateOf(who: { appId: string; openId: string }) {
    const account = wechat.account(who.appId)
    const f = wechat.peek(who)
    return {
      account: {
        appId: account.appId,
        name: account.name,
        profile: account.profile,
        menu: menuFor(account, f),
        qrScenes: scenesOf(account, wechat.now()),
      },
      openId: f.openId,
      following: f.following,
      clock: wechat.clockOf(f),
      offsetMs: f.offsetMs,
      grants: f.grants,
      typing: f.typingUntil > wechat.clockOf(f),
      messages: f.messages.slice(-100),
      sends: account.sends.filter((s) => s.openId === f.openId).slice(-20),
      quota: { daily: account.dailyQuota, used: usedToday(account, CUSTOM_SEND, wechat.now()) },
      faults: wechat.faults.list(),
      lostCallbacks: wechat.pushCounts(account.appId).lost,
    }
  }
}
