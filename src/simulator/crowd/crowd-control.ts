import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { readObject } from '../control-body.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { CrowdSettingsError, readCrowdSettings } from './crowd-settings.ts'
import { CrowdRunningError, type Crowds } from './crowds.ts'

const EVENT_EVERY_MS = 1_000
const KEEP_ALIVE_EVERY = 15

/** `/_sim/crowds/APPID`: starts, shows and stops the crowd of an account. */
export function createCrowdControl(wechat: SimulatedWechat, crowds: Crowds): Hono {
  const app = new Hono()
  app.onError((err, c) => {
    if (err instanceof CrowdRunningError) return c.json({ error: err.message }, 409)
    const problems = err instanceof CrowdSettingsError ? { problems: err.problems } : {}
    return c.json({ error: err.message, ...problems }, 400)
  })
  app.get('/_sim/crowds/:appId', (c) => {
    wechat.account(c.req.param('appId'))
    return c.json(crowds.view(c.req.param('appId')))
  })
  app.post('/_sim/crowds/:appId', async (c) => {
    const settings = readCrowdSettings(await readObject(c))
    return c.json(crowds.start(c.req.param('appId'), settings), 201)
  })
  app.delete('/_sim/crowds/:appId', (c) => {
    wechat.account(c.req.param('appId'))
    return c.json(crowds.stop(c.req.param('appId')))
  })
  app.get('/_sim/crowds/:appId/events', (c) => {
    const { appId } = c.req.param()
    wechat.account(appId)
    return streamSSE(c, async (stream) => {
      let sent: string | null = null
      for (let second = 0; !stream.aborted; second++) {
        const version = crowds.versionOf(appId)
        if (version !== sent) {
          await stream.writeSSE({ event: 'crowd', data: JSON.stringify(crowds.view(appId)) })
          sent = version
        } else if (second % KEEP_ALIVE_EVERY === 0) await stream.writeSSE({ event: 'alive', data: '' })
        await sleep(EVENT_EVERY_MS, undefined, { ref: false })
      }
    })
  })
  return app
}
