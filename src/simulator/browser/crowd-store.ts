import type { CrowdProblem, CrowdSettings } from '../crowd/crowd-settings.ts'
import { CROWD_TEXTS, type CrowdTexts } from '../crowd/crowd-texts.ts'
import type { CrowdPageData, CrowdView, StartedCrowdView } from '../crowd/crowd-view.ts'
import { RequestError, request } from './requests.ts'

/** The crowd of the page's account, and the settings of the next one. */
export class CrowdStore {
  readonly data: CrowdPageData
  readonly texts: CrowdTexts
  /** null: none has been started since the simulator began. */
  crowd: StartedCrowdView | null = null
  settings: CrowdSettings
  problems: readonly CrowdProblem[] = []
  /** What went wrong otherwise; '': nothing. */
  error = ''
  isBusy = false
  isConnected = true
  #draw = () => {}

  constructor(data: CrowdPageData) {
    this.data = data
    this.texts = CROWD_TEXTS[data.language]
    this.settings = data.defaults
  }

  get isRunning(): boolean {
    const state = this.crowd?.state ?? 'none'
    return state === 'arriving' || state === 'settling' || state === 'forwarding'
  }

  /** @param draw draws the page */
  open(draw: () => void): void {
    this.#draw = draw
    const events = new EventSource(`${this.#path}/events`)
    events.addEventListener('crowd', (event) => this.#take(JSON.parse(event.data) as CrowdView))
    events.addEventListener('open', () => this.set({ isConnected: true }))
    events.addEventListener('error', () => this.set({ isConnected: false }))
  }

  set(change: Partial<Pick<CrowdStore, 'settings' | 'isConnected' | 'isBusy' | 'error' | 'problems'>>): void {
    Object.assign(this, change)
    this.#draw()
  }

  start(): Promise<void> {
    return this.#call(() => request<CrowdView>(this.#path, this.settings))
  }

  stop(): Promise<void> {
    return this.#call(() => request<CrowdView>(this.#path, undefined, 'DELETE'))
  }

  get #path(): string {
    return `/_sim/crowds/${encodeURIComponent(this.data.appId)}`
  }

  /** A second click while a call is under way does nothing. */
  async #call(call: () => Promise<CrowdView>): Promise<void> {
    if (this.isBusy) return
    this.set({ isBusy: true, error: '', problems: [] })
    try {
      this.#take(await call())
    } catch (err) {
      this.#refused(err)
    }
    this.set({ isBusy: false })
  }

  #refused(err: unknown): void {
    const problems =
      err instanceof RequestError ? (err.data as { problems?: CrowdProblem[] }).problems : undefined
    if (problems) this.problems = problems
    else if (err instanceof RequestError && err.status === 409) this.error = this.texts.running
    else this.error = err instanceof Error ? err.message : String(err)
  }

  #take(view: CrowdView): void {
    if (view.state === 'none') {
      this.crowd = null
    } else {
      // Only a crowd that has not been started has fewer fields.
      const crowd = view as StartedCrowdView
      if (crowd.id !== this.crowd?.id) this.settings = crowd.settings
      this.crowd = crowd
    }
    this.isConnected = true
    this.#draw()
  }
}
