import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { createPlatform, setPlatformServer } from '../callbacks/server-config.ts'
import { readFields, readObject } from '../control-body.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { ComponentState } from './component-state.ts'
import { PlatformController } from './platform-controller.ts'

const ofAccount = z.object({ appId: z.string() })
const anyAccount = z.object({ appId: z.string().optional() })
const funcsOfAccount = ofAccount.extend({ funcs: z.array(z.int().positive()) })
const refreshToken = ofAccount.extend({ lost: z.boolean().default(false) })
const release = z.object({ group: z.union([1, 2, 3, 4, 5].map((n) => z.literal(n as 1 | 2 | 3 | 4 | 5))) })

type ControlAction = (controller: PlatformController, body: Record<string, unknown>) => Promise<unknown>

/** `POST /_sim/component/:componentAppId/<name>`, by name. */
const ACTIONS: Readonly<Record<string, ControlAction>> = {
  'push-ticket': (controller) => controller.pushTicket(),
  revoke: (controller, body) => controller.revoke(readFields(ofAccount, body).appId),
  'update-authorisation': (controller, body) => {
    const { appId, funcs } = readFields(funcsOfAccount, body)
    return controller.updateAuthorisation(appId, funcs)
  },
  /** With an appId: expires that account's access tokens. Without: expires the platform's own token and its tickets. */
  expire: async (controller, body) => {
    const { appId } = readFields(anyAccount, body)
    if (appId !== undefined) controller.expireAuthoriserTokens(appId)
    else {
      controller.expireComponentToken()
      controller.expireTicket()
    }
    return { changed: true }
  },
  /** WeChat refuses the refresh token. Its list has a new one, or (`lost`) none, so that only a new authorisation helps. */
  'drop-refresh-token': async (controller, body) => {
    const { appId, lost } = readFields(refreshToken, body)
    if (lost) controller.loseRefreshToken(appId)
    else controller.invalidateRefreshToken(appId)
    controller.expireAuthoriserTokens(appId)
    return { changed: true }
  },
  'release-test': (controller, body) => controller.runReleaseTest(readFields(release, body).group),
}

/** `/_sim/component/*`: control calls for a platform, for people and scripts. JSON in, JSON out. */
export function createComponentControl(
  wechat: SimulatedWechat,
  onMade: (component: ComponentState) => void = () => {},
): Hono {
  const app = new Hono()
  app.onError((err, c) => c.json({ error: err.message }, 400))
  app.post('/_sim/component', async (c) => {
    const { component, push } = await createPlatform(wechat, await readObject(c))
    onMade(component)
    return c.json({ appId: component.options.appId, push }, 201)
  })
  app.put('/_sim/component/:componentAppId/server', async (c) => {
    const component = wechat.components.get(c.req.param('componentAppId'))
    if (!component) return unknownPlatform(c)
    const push = await setPlatformServer(wechat, component, await readObject(c))
    const { authorisationUrl, callbackUrl } = component.options
    return c.json({ authorisationUrl, callbackUrl, push })
  })
  app.get('/_sim/component', (c) =>
    c.json({ items: [...wechat.components.values()].map((component) => describe(wechat, component)) }),
  )
  for (const [name, act] of Object.entries(ACTIONS)) {
    app.post(`/_sim/component/:componentAppId/${name}`, async (c) => {
      const component = wechat.components.get(c.req.param('componentAppId'))
      if (!component) return unknownPlatform(c)
      const body = await readObject(c, {})
      const done = await act(new PlatformController(wechat, component), body)
      wechat.save()
      return c.json(done ?? { changed: false })
    })
  }
  return app
}

function unknownPlatform(c: Context) {
  return c.json({ error: `the simulator has no platform ${c.req.param('componentAppId')}` }, 404)
}

function describe(wechat: SimulatedWechat, component: ComponentState) {
  const controller = new PlatformController(wechat, component)
  return {
    appId: controller.appId,
    authorisationUrl: component.options.authorisationUrl,
    callbackUrl: component.options.callbackUrl,
    tickets: controller.pushedTickets.length,
    lastPush: controller.pushes.at(-1) ?? null,
    tokensAsked: controller.tokenRequests,
    accounts: [...component.authorisations.values()].map(({ appId, funcs }) => ({ appId, funcs })),
    revoked: component.revoked.map((a) => a.appId),
  }
}
