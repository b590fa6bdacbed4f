import { join } from 'node:path'
import { type Context, Hono } from 'hono'
import { except } from 'hono/combine'
import { createHeaders } from '../access/headers.ts'
import { createAccess } from '../access/index.ts'
import { createBodyBudget } from '../api/body-budget.ts'
import { createCodecEndpoint } from '../api/codec.ts'
import { createApi } from '../api/index.ts'
import { createConsole } from '../console/index.tsx'
import type { Links } from '../console/layout.tsx'
import { callbackPath } from '../intake/path.ts'
import { createPlatformApp } from '../platform/web.tsx'
import type { Product } from './product.ts'
import { createVerifyFiles } from './verify-files.ts'

/** Everything that one port serves: callbacks, verification files, API, metrics, codec and console. */
export function createWeb(
  product: Product,
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
  const access = createAccess({ ...product, adminToken, publicUrl, trustedProxies, requireSecondFactor })
  const bodies = createBodyBudget((share, held) => product.metrics.requestBodyBytes.set({ share }, held))
  const web = new Hono({ getPath: callbackPath })
  // WeChat's servers heed no such headers, and in a flood each microsecond counts.
  const isCallback = ({ req }: Context) => req.method === 'POST' && /^\/wechat\/[^/]+$/.test(req.path)
  // API and console answer their own errors; these are what is left: nothing of it is told.
  web.onError((err, c) => {
    product.log.error({ err, method: c.req.method }, 'request failed')
    return c.text('internal error', 500)
  })
  web.use(except(isCallback, createHeaders(access.client)))
  const { platform } = product
  if (platform) {
    const nameOf = async (appId: string) => (await product.accounts.find(appId))?.name ?? null
    const phoneUrl = (appId: string) =>
      platform.config.apiBase ? `${platform.config.apiBase}/phone/${appId}` : null
    const maxAgeMs = product.callbackMaxAgeMs
    const { client } = access
    web.route('/', createPlatformApp({ ...product, platform, maxAgeMs, nameOf, phoneUrl, client }))
  }
  web.route('/', product.callback)
  if (options.dataDir) web.route('/', createVerifyFiles(join(options.dataDir, 'verify')))
  web.route(
    '/',
    createApi({
      ...product,
      access,
      bodies,
      ...(options.sdkMetrics ? { sdkMetrics: options.sdkMetrics } : {}),
    }),
  )
  web.route(
    '/',
    createCodecEndpoint({
      codec: product.codec,
      access,
      bodies,
      db: product.db,
      now: product.now,
      uiUrl: () => options.links().temporalUiUrl,
      log: product.log,
    }),
  )
  const links = () => ({
    ...options.links(),
    engineForeign: product.home.last()?.state === 'foreign',
  })
  web.route('/', createConsole({ ...product, access, bodies, links }))
  return web
}
