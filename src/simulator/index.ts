import { type ServerType, serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { Fault } from './api/faults.ts'
import { createApi } from './api/index.ts'
import { unknownPath } from './api/router.ts'
import { guardBrowsers, jsonOnly, ownPagesOnly } from './browser-guard.ts'
import { type ActInput, contextOf, readAct } from './callbacks/action-catalog.ts'
import type { UrlCheck } from './callbacks/callback-url.ts'
import { followerActions } from './callbacks/follower-actions.ts'
import { envelope, type Fields, type PushResult } from './callbacks/push.ts'
import { setServer } from './callbacks/server-config.ts'
import type { ServerSettings } from './callbacks/server-settings.ts'
import { createControl } from './phone/control-api.ts'
import { createPages } from './phone/phone-pages.tsx'
import { createComponentApi } from './platform/component-api.ts'
import { createComponentControl } from './platform/component-control.ts'
import { createComponentPages } from './platform/component-page.tsx'
import type { ComponentOptions, ComponentState } from './platform/component-state.ts'
import { createPlatformController, type PlatformController } from './platform/platform-controller.ts'
import {
  type ActOptions,
  createSimulatedWechat,
  type SimulatedWechat,
  type SimulatedWechatOptions,
} from './simulated-wechat.ts'
import type { AccountOptions, SendLogEntry, SimGrant, SimMessage } from './state/model.ts'
import { setTagNames, tagNames } from './state/tags.ts'

export type { Fault } from './api/faults.ts'
export type { PlatformController as SimComponent } from './platform/platform-controller.ts'
export type { TestClock as TimeMachine } from './simulated-wechat.ts'
export type { AccountOptions } from './state/model.ts'

export interface SimulatorOptions extends SimulatedWechatOptions {
  /** Where the operator's console is, for a link. */
  consoleUrl?: string
  /** Where an owner begins to authorise the platform, for a link. */
  authoriseUrl?: string
  /** Host names that pages and control API answer to, beside IP addresses and localhost. */
  allowedHosts?: readonly string[]
}

/** A WeChat of one's own: API side, callback side, faults and a phone, with rules of its own code. */
export interface Simulator {
  app: Hono
  world: SimulatedWechat
  listen(port: number, host?: string): Promise<{ url: string; port: number }>
  close(): Promise<void>
  addAccount(account: AccountOptions): void
  account(appId: string): SimAccount
  /** A third-party platform; what it had, also in an earlier process with the same state file, it has again. */
  addComponent(component: ComponentOptions): PlatformController
  fault(fault: Fault): void
  clearFaults(): void
}

/** One account of the simulator, as a test drives it. */
export interface SimAccount {
  follow(openId: string, options?: ActOptions & { qrScene?: string }): Promise<PushResult>
  unfollow(openId: string, options?: ActOptions): Promise<PushResult>
  scan(openId: string, qrScene: string, options?: ActOptions): Promise<PushResult>
  tapMenu(openId: string, key: string, options?: ActOptions): Promise<PushResult>
  tapMessageMenu(openId: string, id: string, text: string, options?: ActOptions): Promise<PushResult>
  type(openId: string, text: string, options?: ActOptions): Promise<PushResult>
  agentJoins(openId: string): Promise<PushResult>
  agentLeaves(openId: string): Promise<PushResult>
  /** Anything else that can happen, by name: `{do: 'location', latitude: 23.1}`. */
  act(openId: string, act: ActInput, options?: ActOptions): Promise<PushResult>
  /**
   * 服务器配置, as somebody enters it in WeChat's console.
   * @throws SettingsError when the server does not pass WeChat's GET; the old settings stay
   */
  setServer(settings: ServerSettings): Promise<UrlCheck | null>
  raw(openId: string, fields: Record<string, string>, options?: ActOptions): Promise<PushResult>
  /** Query and body of a callback, for a test that sends it itself. */
  envelope(fields: Fields, timestamp?: number): { query: URLSearchParams; body: string }
  messages(openId: string): SimMessage[]
  grants(openId: string): SimGrant[]
  clock(openId: string): number
  refuse(openId: string): void
  /** Names, in the order in which they were given. */
  tags(openId: string): string[]
  /** As the owner does it in WeChat's console; tags that are missing are made. */
  setTags(openId: string, names: string[]): void
  fastForward(openId: string, ms: number): Promise<void>
  fastForwardToNext(openId: string): Promise<boolean>
  /** Every request to `custom/send`, with its verdict. */
  sends: SendLogEntry[]
  tokensAsked: { normal: number; force: number; plain: number }
  invalidateToken(sticky?: boolean): void
  expireMedia(): void
  setQuota(limits: { daily?: number; minute?: number }): void
  setTrust(trust: { certified?: boolean; ipWhitelisted?: boolean }): void
}

/** Pages and control calls: for nobody's page but the simulator's own. The API is WeChat's, with tokens. */
const OWN_PATHS = [
  '/_sim/*',
  '/accounts/*',
  '/platforms/*',
  '/phone/*',
  '/',
  '/cgi-bin/componentloginpage',
  '/wxaopen/safe/bindcomponent',
]

const isOwnPath = (path: string) =>
  OWN_PATHS.some((own) =>
    own.endsWith('/*') ? path === own.slice(0, -2) || path.startsWith(own.slice(0, -1)) : path === own,
  )

export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const world = createSimulatedWechat(options)
  const app = new Hono()
  const timers = new Set<NodeJS.Timeout>()
  const guard = ownPagesOnly(options.allowedHosts)
  for (const path of OWN_PATHS) app.use(path, guard)
  app.use('/_sim/*', jsonOnly())
  app.use(guardBrowsers(guard, isOwnPath))
  app.route('/', createApi(world))
  app.route('/', createComponentApi(world))
  app.route('/', createComponentPages(world))
  // Before the accounts' own: `component` is no account's appId.
  app.route('/', createComponentControl(world, startTickets))
  app.route('/', createControl(world))
  app.route(
    '/',
    createPages(
      world,
      { consoleUrl: options.consoleUrl ?? null, authoriseUrl: options.authoriseUrl ?? null },
      startTickets,
    ),
  )
  // Behind the pages and /_sim everything is WeChat's API.
  app.notFound((c) =>
    c.req.path.startsWith('/_sim') ? c.json({ error: `${c.req.path} is nothing here` }, 404) : unknownPath(c),
  )
  for (const component of world.components.values()) startTickets(component)
  let server: ServerType | undefined

  function startTickets(component: ComponentState): void {
    const everyMs = component.options.ticketEveryMs
    if (!everyMs) return
    const timer = setInterval(() => void createPlatformController(world, component).pushTicket(), everyMs)
    timers.add(timer.unref())
  }

  return {
    app,
    world,
    listen: (port, host = '127.0.0.1') =>
      new Promise((resolve, reject) => {
        server = serve({ fetch: app.fetch, port, hostname: host }, (at) => {
          world.origin = `http://${host.includes(':') ? `[${host}]` : host}:${at.port}`
          resolve({ url: world.origin, port: at.port })
        })
        server.on('error', reject)
      }),
    async close() {
      for (const timer of timers) clearInterval(timer)
      world.save()
      await new Promise<void>((resolve) => {
        if (!server) return resolve()
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
    },
    addAccount: (account) => void world.addAccount(account),
    account: (appId) => accountOf(world, appId),
    addComponent(component) {
      const state = world.addComponent(component)
      startTickets(state)
      return createPlatformController(world, state)
    },
    fault: (fault) => world.faults.add(fault),
    clearFaults: () => world.faults.clear(),
  }
}

function accountOf(world: SimulatedWechat, appId: string): SimAccount {
  const state = world.account(appId)
  const tokens = world.tokens.get(appId)
  if (!tokens) throw new Error(`the simulator has no tokens for ${appId}`)
  const who = (openId: string) => ({ appId, openId })
  const perform = (openId: string, act: ActInput, o?: ActOptions) =>
    world.act(who(openId), readAct(act, contextOf(world, who(openId))), o)
  return {
    follow: (openId, { qrScene, ...o } = {}) => world.act(who(openId), followerActions.follow(qrScene), o),
    unfollow: (openId, o) => world.act(who(openId), followerActions.unfollow(), o),
    scan: (openId, qrScene, o) => world.act(who(openId), followerActions.scan(qrScene), o),
    tapMenu: (openId, key, o) => world.act(who(openId), followerActions.tapMenu(key), o),
    tapMessageMenu: (openId, id, text, o) =>
      world.act(who(openId), followerActions.tapMessageMenu(id, text), o),
    type: (openId, text, o) => world.act(who(openId), followerActions.type(text), o),
    agentJoins: (openId) => perform(openId, { do: 'agent-joins' }),
    agentLeaves: (openId) => perform(openId, { do: 'agent-leaves' }),
    act: perform,
    setServer: (settings) => setServer(world, appId, settings),
    raw: (openId, fields, o) => world.act(who(openId), followerActions.raw(fields), o),
    envelope: (fields, timestamp = Math.floor(world.now() / 1000)) =>
      envelope(world.targetOf(state), fields, timestamp),
    messages: (openId) => world.follower(who(openId)).messages,
    grants: (openId) => world.follower(who(openId)).grants,
    clock: (openId) => world.clockOf(world.follower(who(openId))),
    refuse(openId) {
      world.follower(who(openId)).refuses = true
    },
    tags: (openId) => tagNames(state, world.follower(who(openId))),
    setTags: (openId, names) => setTagNames(state, world.follower(who(openId)), names),
    fastForward: (openId, ms) => world.fastForward(who(openId), ms),
    fastForwardToNext: (openId) => world.fastForwardToNext(who(openId)),
    sends: state.sends,
    tokensAsked: tokens.asked,
    invalidateToken: (sticky) => tokens.invalidate(sticky),
    expireMedia() {
      for (const medium of state.media.values()) medium.expiresAt = 0
    },
    setQuota({ daily, minute }) {
      if (daily !== undefined) state.dailyQuota = daily
      if (minute !== undefined) state.minuteLimit = minute
    },
    setTrust(trust) {
      Object.assign(state, trust)
    },
  }
}
