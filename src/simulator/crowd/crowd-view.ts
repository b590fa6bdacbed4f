import type { Findings } from './crowd-findings.ts'
import type { CrowdCharts } from './crowd-series.ts'
import type { Behaviour, CrowdSettings } from './crowd-settings.ts'

/*
 * What the control API answers about a crowd. Types only: the page's script is compiled for browsers.
 */

/** `settling`: everybody has arrived; the last minutes and actions are awaited. `forwarding`: clocks are moved forward. */
export type CrowdState = 'none' | 'arriving' | 'settling' | 'forwarding' | 'finished' | 'stopped'

export interface CrowdView {
  state: CrowdState
  /** Changes with each change, so that a page draws nothing twice. */
  version: number
}

/** A crowd that runs or has run. Times are real, epoch ms. */
export interface StartedCrowdView extends CrowdView {
  state: Exclude<CrowdState, 'none'>
  id: string
  settings: CrowdSettings
  startedAt: number
  endedAt: number | null
  now: number
  arrived: number
  /** Callbacks with an answer that WeChat accepts. */
  accepted: number
  /** Actions after the follow. */
  actions: number
  unfollowed: number
  /** Followers whose clock was moved forward until their series was over. */
  forwarded: number
  /** Messages that reached a phone, passive replies among them. */
  messages: number
  passive: number
  /** Followers with a message in their first minute. */
  served: number
  /** Followers in their first minute without a message so far. */
  waiting: number
  /** From the push to the server's answer, ms. */
  answerP99: number | null
  /** From an action to the first message after it, ms: the campaign's own delays included. */
  delayP50: number | null
  delayP99: number | null
  charts: CrowdCharts
  findings: Findings
  /** A follower of each behaviour. */
  examples: Partial<Record<Behaviour, string>>
}

/** What the page of the crowd tells its script. */
export interface CrowdPageData {
  language: 'zh' | 'en'
  appId: string
  accounts: { appId: string; name: string }[]
  /** Whether a server or a platform receives the account's callbacks. */
  served: boolean
  /** Whether clocks can be moved forward. */
  hasFastClock: boolean
  defaults: CrowdSettings
  limits: { followers: number; seconds: number; perSecond: number }
}
