import { type ComponentOptions, ComponentState } from '../platform/component-state.ts'
import { type Happening, recordHappening } from './happenings.ts'
import {
  type AccountOptions,
  newAccount,
  newAgent,
  newFollower,
  type SendLogEntry,
  type SimAccountState,
  type SimCode,
  type SimFollower,
} from './model.ts'
import { openStateFile } from './state-file.ts'
import { SimTokens } from './tokens.ts'

const SAVE_DELAY_MS = 100
/** Saving may take a twentieth of the time: the file of an account with a large crowd takes long. */
const SAVE_PAUSE_FACTOR = 20

/** One follower of one account. */
export interface FollowerKey {
  appId: string
  openId: string
}
export type Listener = (follower: FollowerKey) => void
export type SendListener = (follower: FollowerKey, send: SendLogEntry) => void

/** The simulator's data: accounts with followers and tokens, and platforms. A state file keeps it over restarts. */
export class SimulatorState {
  readonly accounts = new Map<string, SimAccountState>()
  readonly tokens = new Map<string, SimTokens>()
  readonly components = new Map<string, ComponentState>()
  /** Real time, epoch ms. */
  readonly now: () => number
  readonly #file: ReturnType<typeof openStateFile>
  readonly #isSaved: boolean
  readonly #listeners = new Set<Listener>()
  readonly #sendListeners = new Set<SendListener>()
  #saveTimer: NodeJS.Timeout | undefined
  #lastSaveTookMs = 0

  constructor({
    statePath,
    now = Date.now,
  }: { statePath?: string | undefined; now?: (() => number) | undefined }) {
    this.now = now
    this.#isSaved = statePath !== undefined
    this.#file = openStateFile(statePath)
    for (const { options } of Object.values(this.#file.saved.accounts))
      if (options) this.addAccount(options, true)
    for (const { options } of Object.values(this.#file.saved.components))
      if (options) this.addComponent(options, true)
  }

  /** @param isPersisted made by a page or the control API, so that the state file keeps its settings */
  addAccount(options: AccountOptions, isPersisted = false): SimAccountState {
    const known = this.accounts.get(options.appId)
    if (known) {
      const { agents, ...rest } = options
      return Object.assign(known, rest, agents ? { agents: agents.map(newAgent) } : {})
    }
    const added = { ...newAccount(options), isPersisted }
    const saved = this.#file.saved.accounts[options.appId]
    for (const f of saved?.followers ?? []) added.followers.set(f.openId, { ...newFollower(f.openId), ...f })
    added.codes = savedCodes(saved?.codes)
    added.tags = saved?.tags ?? added.tags
    added.agents = saved?.agents ?? added.agents
    added.apiMenu = saved?.apiMenu ?? null
    Object.assign(added.records, saved?.records)
    this.accounts.set(options.appId, added)
    this.tokens.set(options.appId, new SimTokens())
    return added
  }

  /** Adds a platform. A saved one is restored with its authorisations, tokens and codes. */
  addComponent(options: ComponentOptions, isPersisted = false): ComponentState {
    const known = this.components.get(options.appId)?.saved(this.now())
    const added = new ComponentState({ ...options }, known ?? this.#file.saved.components[options.appId])
    added.isPersisted = isPersisted
    this.components.set(options.appId, added)
    return added
  }

  /** @throws Error when the account does not exist */
  account(appId: string): SimAccountState {
    const found = this.accounts.get(appId)
    if (!found) throw new Error(`the simulator has no account ${appId}`)
    return found
  }

  /** The follower; a new one is added to the account. */
  follower(key: FollowerKey): SimFollower {
    const found = this.peek(key)
    this.account(key.appId).followers.set(key.openId, found)
    return found
  }

  /** The follower; a new one is not added. */
  peek({ appId, openId }: FollowerKey): SimFollower {
    return this.account(appId).followers.get(openId) ?? newFollower(openId)
  }

  /** The follower's clock, epoch ms: real time plus the offset by which it was moved forward. */
  clockOf(follower: SimFollower): number {
    return this.now() + follower.offsetMs
  }

  /**
   * Notifies listeners that what a page shows of this follower has changed. A follower of a crowd is not saved at each change,
   * but with the next other change and at the end of the crowd.
   */
  changed(appId: string, openId: string): void {
    for (const listener of this.#listeners) listener({ appId, openId })
    if (this.peek({ appId, openId }).crowd === null) this.saveSoon()
  }

  /** Records a request to `custom/send` with its result. */
  recordSend(appId: string, send: SendLogEntry): void {
    const account = this.account(appId)
    const follower = account.followers.get(send.openId)
    if (follower) recordHappening(follower, happeningOf(send))
    // The requests for a crowd are counted, not kept.
    if (!follower || follower.crowd === null) account.sends.push(send)
    for (const listener of this.#sendListeners) listener({ appId, openId: send.openId }, send)
    this.changed(appId, send.openId)
  }

  /** @returns a function that removes the listener */
  listenToSends(listener: SendListener): () => void {
    this.#sendListeners.add(listener)
    return () => this.#sendListeners.delete(listener)
  }

  /** As `changed`, for every follower of the account. */
  accountChanged(appId: string): void {
    for (const openId of this.account(appId).followers.keys()) this.changed(appId, openId)
    this.saveSoon()
  }

  /** @returns a function that removes the listener */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Writes the state file at once. */
  save(): void {
    clearTimeout(this.#saveTimer)
    this.#saveTimer = undefined
    const startedAt = performance.now()
    this.#file.write(this.accounts, this.components, this.now())
    this.#lastSaveTookMs = performance.now() - startedAt
  }

  /** Writes the state file a moment later, once for all changes until then. */
  saveSoon(): void {
    if (!this.#isSaved || this.#saveTimer) return
    const delayMs = Math.max(SAVE_DELAY_MS, SAVE_PAUSE_FACTOR * this.#lastSaveTookMs)
    this.#saveTimer = setTimeout(() => this.save(), delayMs)
    this.#saveTimer.unref()
  }
}

function happeningOf({ virtualAt, body, errcode, unclear }: SendLogEntry): Happening {
  return { kind: 'send', at: virtualAt, what: String(body.msgtype ?? ''), errcode, unclear }
}

/** Codes of state files of older versions have neither tickets nor kinds nor URLs. */
function savedCodes(codes: readonly Partial<SimCode>[] = []): SimCode[] {
  return codes.map(({ scene = '', isNumber = false, ticket = `test_${scene}`, expiresAt = null, url }) => ({
    scene,
    isNumber,
    ticket,
    url: url ?? `http://weixin.qq.com/q/${encodeURIComponent(scene)}`,
    expiresAt,
  }))
}
