import { randomBytes } from 'node:crypto'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { Crowd } from './crowd.ts'
import { type CrowdSettings, CrowdSettingsError } from './crowd-settings.ts'
import type { CrowdView, StartedCrowdView } from './crowd-view.ts'

/** Followers of crowds that an account keeps. Beyond, the oldest are gone: WeChat does not know their OpenIDs any more. */
const MOST_KEPT = 40_000

/** A crowd of the account runs already. */
export class CrowdRunningError extends Error {
  override name = 'CrowdRunningError'
}

/** The last crowd of each account. An account has one at a time. */
export class Crowds {
  readonly #wechat: SimulatedWechat
  readonly #crowds = new Map<string, Crowd>()

  constructor(wechat: SimulatedWechat) {
    this.#wechat = wechat
    wechat.listenToSends((follower, send) => this.#crowds.get(follower.appId)?.sent(follower, send))
  }

  /**
   * @throws CrowdSettingsError for the fast clock where no clock can be moved: everybody would count as moved forward
   * @throws CrowdRunningError while another crowd of this account runs
   * @throws Error when the account does not exist
   */
  start(appId: string, settings: CrowdSettings): StartedCrowdView {
    this.#wechat.account(appId)
    if (settings.fastClock && !this.#wechat.hasTestClock)
      throw new CrowdSettingsError([
        {
          field: 'fastClock',
          problem: 'no-clock',
          message: 'fastClock must be false: the clocks of this simulator cannot be moved',
        },
      ])
    if (this.#crowds.get(appId)?.isRunning)
      throw new CrowdRunningError(`a crowd of ${appId} runs already; stop it first`)
    this.#makeRoom(appId, settings.followers)
    const id = randomBytes(4).toString('hex')
    // What the crowd has changed is saved at its end.
    const crowd = new Crowd(this.#wechat, appId, settings, { id, onEnd: () => this.#wechat.saveSoon() })
    this.#crowds.set(appId, crowd)
    crowd.start()
    return crowd.view()
  }

  stop(appId: string): CrowdView | StartedCrowdView {
    this.#crowds.get(appId)?.stop()
    return this.view(appId)
  }

  view(appId: string): CrowdView | StartedCrowdView {
    return this.#crowds.get(appId)?.view() ?? { state: 'none', version: 0 }
  }

  /** Changes with each change of the view. */
  versionOf(appId: string): string {
    const crowd = this.#crowds.get(appId)
    return crowd ? `${crowd.id} ${crowd.version}` : ''
  }

  /** Stops all of them. */
  close(): void {
    for (const crowd of this.#crowds.values()) crowd.stop()
  }

  #makeRoom(appId: string, followers: number): void {
    const account = this.#wechat.account(appId)
    const kept = [...account.followers.values()].filter((f) => f.crowd !== null)
    for (const { openId } of kept.slice(0, Math.max(0, kept.length + followers - MOST_KEPT)))
      account.followers.delete(openId)
  }
}
