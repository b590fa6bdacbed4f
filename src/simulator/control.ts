import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { deeds } from './deeds.ts'
import { menuOf } from './menu.ts'
import { scenesOf } from './qrcode.ts'
import type { Deed, World } from './world.ts'

/** `/_sim/*`: what the phone page and shell scripts drive the simulator with. JSON in, JSON out. */
export function createControl(world: World): Hono {
  const app = new Hono()
  app.onError((err, c) => c.json({ error: err.message }, 400))

  app.get('/_sim/accounts', (c) =>
    c.json({
      items: [...world.accounts.values()].map((a) => ({
        appId: a.appId,
        name: a.name,
        profile: a.profile,
        mode: a.mode,
        served: world.servedBy(a),
        followers: [...a.followers.values()].map((f) => ({ openId: f.openId, following: f.following })),
      })),
    }),
  )
  app.get('/_sim/:appId/:openId/state', (c) => c.json(stateOf(c.req.param())))
  app.get('/_sim/:appId/:openId/events', (c) =>
    streamSSE(c, async (stream) => {
      const { appId, openId } = c.req.param()
      let wake = () => {}
      let changes = 1
      const stop = world.listen((who) => {
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
    const body: unknown = await c.req.json()
    const result = await world.act(c.req.param(), readDeed(body), readOptions(body))
    return c.json(result)
  })
  app.post('/_sim/:appId/:openId/fast-forward', async (c) => {
    const { ms, toNext } = (await c.req.json()) as { ms?: number; toNext?: boolean }
    if (toNext) return c.json({ moved: await world.fastForwardToNext(c.req.param()) })
    if (typeof ms !== 'number' || !(ms > 0) || ms > 7 * 86_400_000) throw new Error('ms must be 1 to 7 days')
    await world.fastForward(c.req.param(), ms)
    return c.json({ moved: true })
  })
  app.get('/_sim/faults', (c) => c.json({ items: world.faults.list() }))
  app.post('/_sim/faults', async (c) => {
    const { invalidateToken, duplicateCallback, ...fault } = (await c.req.json()) as Record<string, unknown>
    if (typeof invalidateToken === 'string') world.tokens.get(invalidateToken)?.invalidate()
    else if (typeof duplicateCallback === 'number') world.duplicateCallbacks(duplicateCallback)
    else world.faults.add(fault)
    return c.json({ items: world.faults.list() })
  })
  app.delete('/_sim/faults', (c) => {
    world.faults.clear()
    return c.json({ items: [] })
  })
  return app

  function stateOf(who: { appId: string; openId: string }) {
    const account = world.account(who.appId)
    const f = world.follower(who)
    return {
      account: {
        appId: account.appId,
        name: account.name,
        profile: account.profile,
        menu: menuOf(account),
        qrScenes: scenesOf(account, world.now()),
      },
      openId: f.openId,
      following: f.following,
      clock: world.clockOf(f),
      offsetMs: f.offsetMs,
      grants: f.grants,
      typing: f.typingUntil > world.clockOf(f),
      messages: f.messages.slice(-100),
      sends: account.sends.filter((s) => s.openId === f.openId).slice(-20),
      quota: { daily: account.dailyQuota, used: account.sentToday.count },
      faults: world.faults.list(),
      lostCallbacks: world.pushCounts(account.appId).lost,
    }
  }
}

function readDeed(body: unknown): Deed {
  const { do: name, ...args } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >
  const text = (key: string) => {
    const value = args[key]
    if (typeof value !== 'string') throw new Error(`${String(name)} needs ${key}`)
    return value
  }
  switch (name) {
    case 'follow':
      return deeds.follow(typeof args.qrScene === 'string' ? args.qrScene : undefined)
    case 'unfollow':
      return deeds.unfollow()
    case 'scan':
      return deeds.scan(text('qrScene'))
    case 'menu':
      return deeds.tapMenu(text('key'), typeof args.label === 'string' ? args.label : undefined)
    case 'view':
      return deeds.tapView(text('url'))
    case 'msgmenu':
      return deeds.tapMessageMenu(text('id'), text('text'))
    case 'type':
      return deeds.type(text('text'))
    case 'image':
      return deeds.image()
    case 'voice':
      return deeds.voice()
    case 'agent-joins':
      return deeds.agentJoins()
    case 'agent-leaves':
      return deeds.agentLeaves()
    default:
      throw new Error(
        'do must be follow, unfollow, scan, menu, view, msgmenu, type, image, voice, agent-joins or agent-leaves',
      )
  }
}

function readOptions(body: unknown): { times?: number; createTime?: number } {
  const { times, createTime } = body as { times?: unknown; createTime?: unknown }
  return {
    ...(typeof times === 'number' ? { times: Math.min(10, times) } : {}),
    ...(typeof createTime === 'number' ? { createTime } : {}),
  }
}
