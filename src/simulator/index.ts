import { type ServerType, serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { Fault } from './api/faults.ts'
import { createApi } from './api/index.ts'
import { unknownPath } from './api/router.ts'
import { guardBrowsers, requireJson, requireOwnPages } from './browser-guard.ts'
import { type ActionInput, contextOf, readAction } from './callbacks/action-catalog.ts'
import type { UrlCheck } from './callbacks/callback-url.ts'
import { envelope, type Fields } from './callbacks/envelope.ts'
import { followerActions } from './callbacks/follower-actions.ts'
import type { PushResult } from './callbacks/push.ts'
import { setServer } from './callbacks/server-config.ts'
import type { ServerSettings } from './callbacks/server-settings.ts'
import { createCrowdControl } from './crowd/crowd-control.ts'
import { Crowds } from './crowd/crowds.ts'
import { createControl } from './phone/control-api.ts'
import { createPages } from './phone/phone-pages.tsx'
import { createComponentApi } from './platform/component-api.ts'
import { createComponentControl } from './platform/component-control.ts'
import { createComponentPages } from './platform/component-page.tsx'
import type { ComponentOptions, ComponentState } from './platform/component-state.ts'
import { PlatformController } from './platform/platform-controller.ts'
import { type ActionOptions, SimulatedWechat, type SimulatedWechatOptions } from './simulated-wechat.ts'
import type { SimGrant } from './state/grants.ts'
import { type AccountOptions, type SendLogEntry, type SimMessage, setAgent } from './state/model.ts'
import { setTagNames, tagNames } from './state/tags.ts'

export type { Fault } from './api/faults.ts'
export type { PlatformController } from './platform/platform-controller.ts'
export type { TestClock } from './simulated-wechat.ts'
export type { AccountOptions } from './state/model.ts'

export interface SimulatorOptions extends SimulatedWechatOptions {
  /** URL of the operators' console, for a link. */
  consoleUrl?: string
  /** URL where an account owner starts to authorise the platform, for a link. */
  authoriseUrl?: string
  /** Host names for pages and the control API, beside IP addresses and localhost. */
  allowedHosts?: readonly string[]
}

/** A local WeChat: API, callbacks, faults and a phone page. Its rules are implemented independently of the product's. */
export interface Simulator {
  app: Hono
  wechat: SimulatedWechat
  listen(port: number, host?: string): Promise<{ url: string; port: number }>
  close(): Promise<void>
  addAccount(account: AccountOptions): void
  account(appId: string): SimAccount
  /** Adds a third-party platform. One that is known, in this process or in the state file, keeps its tokens and codes. */
  addComponent(component: ComponentOptions): PlatformController
  fault(fault: Fault): void
  clearFaults(): void
}

/** One account of the simulator, for tests. */
export interface SimAccount {
  follow(openId: string, options?: ActionOptions & { qrScene?: string }): Promise<PushResult>
  unfollow(openId: string, options?: ActionOptions): Promise<PushResult>
  scan(openId: string, qrScene: string, options?: ActionOptions): Promise<PushResult>
  tapMenu(openId: string, key: string, options?: ActionOptions): Promise<PushResult>
  tapMessageMenu(openId: string, id: string, text: string, options?: ActionOptions): Promise<PushResult>
  type(openId: string, text: string, options?: ActionOptions): Promise<PushResult>
  agentJoins(openId: string): Promise<PushResult>
  agentLeaves(openId: string): Promise<PushResult>
  /** Signs a human agent in or out, and adds one whose account is unknown. */
  setAgent(kfAccount: string, agent: { online: boolean }): void
  /** Any other action by name: `{do: 'location', latitude: 23.1}`. */
  act(openId: string, act: ActionInput, options?: ActionOptions): Promise<PushResult>
  /**
   * Saves 服务器配置, as an owner does in WeChat's console.
   * @throws SettingsError when the server does not pass WeChat's GET check; the old settings stay
   */
  setServer(settings: ServerSettings): Promise<UrlCheck | null>
  raw(openId: string, fields: Record<string, string>, options?: ActionOptions): Promise<PushResult>
  /** Query and body of a callback, for a test that sends the callback itself. */
  envelope(fields: Fields, timestamp?: number): { query: URLSearchParams; body: string }
  messages(openId: string): SimMessage[]
  grants(openId: string): SimGrant[]
  clock(openId: string): number
  refuse(openId: string): void
  /** Tag names, in the order in which they were given. */
  tags(openId: string): string[]
  /** Sets a follower's tags, as an owner does in WeChat's console. Creates missing tags. */
  setTags(openId: string, names: string[]): void
  fastForward(openId: string, ms: number): Promise<void>
  fastForwardToNext(openId: string): Promise<boolean>
  /** Every request to `custom/send`, with its result. */
  sends: SendLogEntry[]
  tokenRequests: { normal: number; force: number; plain: number }
  invalidateToken(sticky?: boolean): void
  expireMedia(): void
  setQuota(limits: { daily?: number; minute?: number }): void
  setTrust(trust: { certified?: boolean; ipWhitelisted?: boolean }): void
}

/** Pages and control calls, which only the simulator's own pages and programs may use. All other paths are WeChat's API. */
const OWN_PATHS = [
  '/_sim/*',
  '/accounts/*',
  '/platforms/*',
  '/phone/*',
  '/crowd/*',
  '/preferences',
  '/',
  '/cgi-bin/componentloginpage',
  '/wxaopen/safe/bindcomponent',
]

const isOwnPath = (path: string) =>
  OWN_PATHS.some((own) =>
    own.endsWith('/*') ? path === own.slice(0, -2) || path.startsWith(own.slice(0, -1)) : path === own,
  )

/**
 * A simulator with the accounts and platforms of its state file. The tickets of platforms are pushed from now on; nothing
 * listens until `listen`.
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const wechat = new SimulatedWechat(options)
  const app = new Hono()
  const timers = new Set<NodeJS.Timeout>()
  const crowds = new Crowds(wechat)
  const guard = requireOwnPages(options.allowedHosts)
  for (const path of OWN_PATHS) app.use(path, guard)
  app.use('/_sim/*', requireJson())
  app.use(guardBrowsers(guard, isOwnPath))
  app.route('/', createApi(wechat))
  app.route('/', createComponentApi(wechat))
  app.route('/', createComponentPages(wechat))
  // Must precede the account routes: `component` and `crowds` are not appIds.
  app.route('/', createComponentControl(wechat, startTickets))
  app.route('/', createCrowdControl(wechat, crowds))
  app.route('/', createControl(wechat))
  app.route(
    '/',
    createPages(
      wechat,
      { consoleUrl: options.consoleUrl ?? null, authoriseUrl: options.authoriseUrl ?? null },
      startTickets,
    ),
  )
  // Every other path belongs to WeChat's API.
  app.notFound((c) =>
    c.req.path.startsWith('/_sim')
      ? c.json({ error: `the simulator has no call ${c.req.path}` }, 404)
      : unknownPath(c),
  )
  for (const component of wechat.components.values()) startTickets(component)
  let server: ServerType | undefined

  function startTickets(component: ComponentState): void {
    const everyMs = component.options.ticketEveryMs
    if (!everyMs) return
    const timer = setInterval(() => void new PlatformController(wechat, component).pushTicket(), everyMs)
    timers.add(timer.unref())
  }

  return {
    app,
    wechat,
    listen: (port, host = '127.0.0.1') =>
      new Promise((resolve, reject) => {
        server = serve({ fetch: app.fetch, port, hostname: host }, (at) => {
          wechat.origin = `http://${host.includes(':') ? `[${host}]` : host}:${at.port}`
          resolve({ url: wechat.origin, port: at.port })
        })
        server.on('error', reject)
      }),
    async close() {
      for (const timer of timers) clearInterval(timer)
      crowds.close()
      wechat.save()
      await new Promise<void>((resolve) => {
        if (!server) return resolve()
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
    },
    addAccount: (account) => void wechat.addAccount(account),
    account: (appId) => accountOf(wechat, appId),
    addComponent(component) {
      const state = wechat.addComponent(component)
      startTickets(state)
      return new PlatformController(wechat, state)
    },
    fault: (fault) => wechat.faults.add(fault),
    clearFaults: () => wechat.faults.clear(),
  }
}

function accountOf(wechat: SimulatedWechat, appId: string): SimAccount {
  const state = wechat.account(appId)
  const tokens = wechat.tokens.get(appId)
  if (!tokens) throw new Error(`the simulator has no tokens for ${appId}`)
  const keyOf = (openId: string) => ({ appId, openId })
  const perform = (openId: string, act: ActionInput, o?: ActionOptions) =>
    wechat.act(keyOf(openId), readAction(act, contextOf(wechat, keyOf(openId))), o)
  return {
    follow: (openId, { qrScene, ...o } = {}) => wechat.act(keyOf(openId), followerActions.follow(qrScene), o),
    unfollow: (openId, o) => wechat.act(keyOf(openId), followerActions.unfollow(), o),
    scan: (openId, qrScene, o) => wechat.act(keyOf(openId), followerActions.scan(qrScene), o),
    tapMenu: (openId, key, o) => wechat.act(keyOf(openId), followerActions.tapMenu(key), o),
    tapMessageMenu: (openId, id, text, o) =>
      wechat.act(keyOf(openId), followerActions.tapMessageMenu(id, text), o),
    type: (openId, text, o) => wechat.act(keyOf(openId), followerActions.type(text), o),
    agentJoins: (openId) => perform(openId, { do: 'agent-joins' }),
    agentLeaves: (openId) => perform(openId, { do: 'agent-leaves' }),
    act: perform,
    setServer: (settings) => setServer(wechat, appId, settings),
    raw: (openId, fields, o) => wechat.act(keyOf(openId), followerActions.raw(fields), o),
    envelope: (fields, timestamp = Math.floor(wechat.now() / 1000)) =>
      envelope(wechat.targetOf(state), fields, timestamp),
    messages: (openId) => wechat.follower(keyOf(openId)).messages,
    grants: (openId) => wechat.follower(keyOf(openId)).grants,
    clock: (openId) => wechat.clockOf(wechat.follower(keyOf(openId))),
    refuse(openId) {
      wechat.follower(keyOf(openId)).rejectsMessages = true
    },
    tags: (openId) => tagNames(state, wechat.follower(keyOf(openId))),
    setTags: (openId, names) => setTagNames(state, wechat.follower(keyOf(openId)), names),
    fastForward: (openId, ms) => wechat.fastForward(keyOf(openId), ms),
    fastForwardToNext: (openId) => wechat.fastForwardToNext(keyOf(openId)),
    sends: state.sends,
    tokenRequests: tokens.requestCounts,
    invalidateToken: (sticky) => tokens.invalidate(sticky),
    expireMedia() {
      for (const medium of state.media.values()) medium.expiresAt = 0
    },
    setQuota({ daily, minute }) {
      if (daily !== undefined) state.dailyQuota = daily
      if (minute !== undefined) state.minuteLimit = minute
    },
    setAgent: (kfAccount, { online }) => setAgent(state, kfAccount, online),
    setTrust(trust) {
      Object.assign(state, trust)
    },
  }
}
