import { join } from 'node:path'
import { type Context, Hono } from 'hono'
import { except } from 'hono/combine'
import { createBodyBudget } from '../../api/body/body-budget.ts'
import { createCodecEndpoint } from '../../api/codec/codec-endpoint.ts'
import { createHookEndpoint } from '../../api/hook-endpoint.ts'
import { createLinkEndpoint } from '../../api/link-endpoint.ts'
import { createApiRoutes, createOperatorApi } from '../../api/operator-api.ts'
import type { ApiDeps } from '../../api/routes/route-helpers.ts'
import { type Auth, createAuth } from '../../auth/auth.ts'
import { createHeaders } from '../../auth/http/security-headers.ts'
import { callbackPath } from '../../callback/callback-path.ts'
import { createConsole } from '../../console/console-app.tsx'
import type { Links } from '../../console/view.ts'
import { createPlatformApp } from '../../platform/platform-app.ts'
import { createBackgroundPace } from '../../shared/background-pace.ts'
import { createBriefCache } from '../../shared/brief-cache.ts'
import type { HookResult, LinkResult } from '../../shared/metrics.ts'
import { createRequestsInFlight } from '../../shared/requests-in-flight.ts'
import { describeQueues } from '../../temporal/describe-queues.ts'
import type { Services } from '../services.ts'
import { createDomainVerificationFiles } from './domain-verification-files.ts'
import { createAnonymousShedding } from './shed-anonymous.ts'

/** How long a process may use hooks that another process has changed, ms. */
const HOOKS_CACHE_MS = 1_000

export interface HttpAppOptions {
  adminToken: string
  links(): Links
  sdkMetrics?: () => Promise<string>
  /** Its folder `verify` holds WeChat's domain verification files. */
  dataDir?: string
  /** The URL that browsers use, when it differs from the listening address. Without a trailing slash. */
  publicUrl?: string | undefined
  /** Proxies whose `X-Forwarded-…` headers are trusted. Default: loopback addresses. */
  trustedProxies?: readonly string[]
  /** How late the event loop is now. While it is late, anonymous requests are refused. Default: never late. */
  lateness?: { readonly ms: number }
  /** Whether users without a second factor must set one up at their next sign-in. */
  requireSecondFactor?: boolean
}

/** The app of one port: callbacks, verification files, API, metrics, codec and console. */
export function createHttpApp(services: Services, options: HttpAppOptions): Hono {
  const { log, metrics, db, sealer, codec, now } = services
  const auth = createAuth({ ...options, db, sealer, now, log, metrics })
  const bodyBudget = createBodyBudget((share, held) => metrics.requestBodyBytes.set({ share }, held))
  const hooks = createBriefCache(() => services.hooks.openAll(), HOOKS_CACHE_MS)
  const requests = createRequestsInFlight()
  const pace = createBackgroundPace(requests)
  const api = { ...apiPorts(services), hooksChanged: hooks.invalidate, auth, bodyBudget, pace }
  const app = new Hono({ getPath: callbackPath })
  app.use((_, next) => requests.during(next))
  // API and console handle their own errors. For all others the details are only in the log.
  app.onError((err, c) => {
    log.error({ err, method: c.req.method }, 'request failed')
    return c.text('internal error', 500)
  })
  // WeChat's servers ignore security headers, which cost time under load.
  app.use(except(isCallback, createHeaders(auth.client)))
  const { lateness } = options
  if (lateness) {
    const count = () => metrics.requestsShed.inc()
    app.use(except(isCallbackOrHealth, createAnonymousShedding({ auth, lateness, count, now })))
  }
  const platformApp = platformRoutes(services, auth)
  if (platformApp) app.route('/', platformApp)
  app.route('/', services.callbackApp)
  if (options.dataDir) app.route('/', createDomainVerificationFiles(join(options.dataDir, 'verify')))
  const { client } = auth
  const count = (result: HookResult) => metrics.hookRequests.inc({ result })
  app.route('/', createHookEndpoint({ ...services, hooks, bodyBudget, client, count }))
  const countLink = (result: LinkResult) => metrics.linkRequests.inc({ result })
  app.route('/', createLinkEndpoint({ ...services, client, count: countLink }))
  const { sdkMetrics } = options
  const routes = createApiRoutes(api)
  app.route('/', createOperatorApi({ ...api, routes, ...(sdkMetrics ? { sdkMetrics } : {}) }))
  const webUiUrl = () => options.links().temporalUiUrl
  app.route('/', createCodecEndpoint({ codec, auth, bodyBudget, db, now, webUiUrl, log }))
  const links = (): Links => ({ ...options.links(), unexpectedNamespace: isNamespaceUnexpected(services) })
  const publicUrl = services.config.publicUrl ?? null
  app.route('/', createConsole({ ...api, routes, links, publicUrl }))
  return app
}

function isCallback({ req }: Context): boolean {
  return req.method === 'POST' && /^\/wechat\/[^/]+$/.test(req.path)
}

function isCallbackOrHealth({ req }: Context): boolean {
  return /^\/(?:wechat\/[^/]+|healthz|readyz)$/.test(req.path)
}

function isNamespaceUnexpected({ namespaceGuard }: Services): boolean {
  return namespaceGuard.latest()?.state === 'unexpected'
}

/** The services that API and console need. */
function apiPorts(services: Services): Omit<ApiDeps, 'hooksChanged' | 'pace'> {
  return {
    db: services.db,
    accounts: services.accounts,
    campaigns: services.campaigns,
    drafts: services.drafts,
    storesIn: services.storesIn,
    configCache: services.configCache,
    runs: services.runs,
    testSend: services.testSend,
    temporal: services.temporal,
    queues: () => describeQueues(services.temporal.client),
    namespaceGuard: services.namespaceGuard,
    tokens: services.tokens,
    clientOf: services.clientOf,
    forwardPrivate: services.config.forwardPrivate ?? false,
    webhookEndpoints: services.webhookEndpoints,
    hooks: services.hooks,
    hasLinks: services.config.publicUrl !== undefined,
    webhookPrivate: services.config.webhookPrivate ?? false,
    wakeWebhooks: () => services.webhookSender.wake(),
    wakeBulkJobs: () => services.bulkRunner.wake(),
    reloadConfig: services.reloadConfig,
    callbackCounts: services.callbackCounts,
    skewMonitor: services.skewMonitor,
    dispatcher: services.dispatcher,
    sealer: services.sealer,
    rotateKeys: services.rotateKeys,
    metrics: services.metrics,
    refreshGauges: services.refreshGauges,
    now: services.now,
    log: services.log,
  }
}

/** Pages and callbacks of the third-party platform; null when none is configured. */
function platformRoutes(services: Services, { client }: Auth): Hono | null {
  const { platform, accounts, skewMonitor, admission, now, log } = services
  if (!platform) return null
  const { apiBase } = platform.config
  return createPlatformApp({
    platform,
    skewMonitor,
    admission,
    now,
    log,
    client,
    maxAgeMs: services.config.callbackMaxAgeMs,
    nameOf: async (appId) => (await accounts.find(appId))?.name ?? null,
    phoneUrl: (appId) => (apiBase ? `${apiBase}/phone/${appId}` : null),
  })
}
