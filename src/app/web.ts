import { join } from 'node:path'
import { Hono } from 'hono'
import { type Auth, createAuth } from '../api/auth.ts'
import { createApi } from '../api/index.ts'
import { createConsole } from '../console/index.tsx'
import type { Links } from '../console/layout.tsx'
import { createPlatformApp } from '../platform/web.tsx'
import type { Product } from './product.ts'
import { createVerifyFiles } from './verify-files.ts'

/** Everything that one port serves: callbacks, verification files, API, metrics and console. */
export function createWeb(
  product: Product,
  options: {
    adminToken: string
    links(): Links
    sdkMetrics?: () => Promise<string>
    /** Its `verify` folder holds WeChat's domain verification files. */
    dataDir?: string
  },
): Hono {
  const auth: Auth = createAuth(options.adminToken, product.now)
  const web = new Hono()
  const { platform } = product
  if (platform) {
    const nameOf = async (appId: string) => (await product.accounts.find(appId))?.name ?? null
    web.route('/', createPlatformApp({ ...product, platform, maxAgeMs: product.callbackMaxAgeMs, nameOf }))
  }
  web.route('/', product.callback)
  if (options.dataDir) web.route('/', createVerifyFiles(join(options.dataDir, 'verify')))
  web.route(
    '/',
    createApi({ ...product, auth, ...(options.sdkMetrics ? { sdkMetrics: options.sdkMetrics } : {}) }),
  )
  const links = () => ({
    ...options.links(),
    engineForeign: product.home.last()?.state === 'foreign',
  })
  web.route('/', createConsole({ ...product, auth, links }))
  return web
}
