import { join } from 'node:path'
import { type Context, Hono } from 'hono'
import { except } from 'hono/combine'
import { createBodyBudget } from '../../api/body/body-budget.ts'
import { createCodecEndpoint } from '../../api/codec/codec-endpoint.ts'
import { createOperatorApi } from '../../api/operator-api.ts'
import { createAuth } from '../../auth/auth.ts'
import { createHeaders } from '../../auth/http/security-headers.ts'
import { callbackPath } from '../../callback/callback-path.ts'
import { createConsole } from '../../console/console-app.tsx'
import type { Links } from '../../console/layout.tsx'
import { createPlatformApp } from '../../platform/platform-app.ts'
import type { Services } from '../services.ts'
import { createDomainVerificationFiles } from './domain-verification-files.ts'

/** Everything that one port serves: callbacks, verification files, API, metrics, codec and console. */
export function createHttpApp(
  services: Services,
  options: {
    adminToken: string
    links(): Links
    sdkMetrics?: () => Promise<string>
    /** Its `verify` folder holds WeChat's domain verification files. */
    dataDir?: string
    /** Where browsers reach this, when it is not where it listens. Without a slash at its end. */
    publicUrl?: string | undefined
    /** Whose `X-Forwarded-…` are believed; without: this machine's. */
    trustedProxies?: readonly string[]
    /** Whether people without a second factor must set one up at their next sign-in. */
    requireSecondFactor?: boolean
  },
): Hono {
  const { adminToken, publicUrl, trustedProxies, requireSecondFactor } = options
  const access = createAuth({ ...services, adminToken, publicUrl, trustedProxies, requireSecondFactor })
  const bodies = createBodyBudget((share, held) => services.metrics.requestBodyBytes.set({ share }, held))
  const app = new Hono({ getPath: callbackPath })
  // WeChat's servers heed no such headers, and in a flood each microsecond counts.
  const isCallback = ({ req }: Context) => req.method === 'POST' && /^\/wechat\/[^/]+$/.test(req.path)
  // API and console answer their own errors; these are what is left: nothing of it is told.
  app.onError((err, c) => {
    services.log.error({ err, method: c.req.method }, 'request failed')
    return c.text('internal error', 500)
  })
  app.use(except(isCallback, createHeaders(access.client)))
  const { platform } = services
  if (platform) {
    const nameOf = async (appId: string) => (await services.accounts.find(appId))?.name ?? null
    const phoneUrl = (appId: string) =>
      platform.config.apiBase ? `${platform.config.apiBase}/phone/${appId}` : null
    const maxAgeMs = services.callbackMaxAgeMs
    const { client } = access
    app.route(
      '/',
      createPlatformApp({
        ...services,
        skewMonitor: services.clock,
        admission: services.places,
        platform,
        maxAgeMs,
        nameOf,
        phoneUrl,
        client,
      }),
    )
  }
  app.route('/', services.callback)
  if (options.dataDir) app.route('/', createDomainVerificationFiles(join(options.dataDir, 'verify')))
  app.route(
    '/',
    createOperatorApi({
      ...services,
      access,
      bodies,
      ...(options.sdkMetrics ? { sdkMetrics: options.sdkMetrics } : {}),
    }),
  )
  app.route(
    '/',
    createCodecEndpoint({
      codec: services.codec,
      access,
      bodies,
      db: services.db,
      now: services.now,
      webUiUrl: () => options.links().temporalUiUrl,
      log: services.log,
    }),
  )
  const links = () => ({
    ...options.links(),
    engineForeign: services.home.latest()?.state === 'unexpected',
  })
  app.route('/', createConsole({ ...services, access, bodies, links }))
  return app
}
