import type { FollowerAttributes } from '../run/condition.ts'
import type { Entry, Plan, RunStart } from '../run/plan.ts'
import { applySuccess } from '../run/played-action.ts'
import {
  type Action,
  applyActionResult,
  beginSendAction,
  finishRun,
  nextAction,
  tagsAfterSend,
  type WaitAction,
} from '../run/run-actions.ts'
import { beginRun } from '../run/run-events.ts'
import { type RunState, requestStop } from '../run/state.ts'
import type { Facts } from '../shared/facts.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'
import type { Scene } from '../wechat/rules/rules.ts'

/** Far more than a campaign of the largest size needs. */
const ACTIONS_MAX = 2_000

/** What happens to the follower besides a message. */
export interface StepEffect {
  set: Facts | undefined
  /** The campaign that the follower enters. */
  go: string | undefined
  step: string
  at: number
}

/** One run of a dry run: the decisions of a real run, where every send succeeds at once. */
export class ReplayedRun {
  readonly plan: Plan
  readonly entry: Entry
  /** The scenes of the grants that paid, one for each message. */
  readonly paid: Scene[] = []
  state: RunState
  #now: number
  readonly #attributes: () => Omit<FollowerAttributes, 'at'>
  readonly #onEffect: (effect: StepEffect) => void

  constructor(
    start: RunStart,
    ledger: Ledger,
    now: number,
    follower: { attributes: () => Omit<FollowerAttributes, 'at'>; onEffect: (effect: StepEffect) => void },
  ) {
    this.plan = start.plan
    this.entry = start.entry
    this.state = beginRun(start.plan, start.entry, ledger, start)
    this.#now = now
    this.#attributes = follower.attributes
    this.#onEffect = follower.onEffect
  }

  get hasEnded(): boolean {
    return this.state.status === 'ended'
  }

  /** Applies an event. */
  apply(change: (plan: Plan, state: RunState) => RunState): void {
    if (!this.hasEnded) this.state = change(this.plan, this.state)
  }

  /** Ends the run for another one. */
  replace(campaign: string): void {
    this.apply((_, state) => requestStop(state, 'cancelled', `replaced by ${campaign}`))
    this.playTo(this.#now)
  }

  /** Does what is due by `until`, epoch ms. */
  playTo(until: number): void {
    for (let count = 0; count < ACTIONS_MAX && !this.hasEnded; count++) {
      const { state, action } = nextAction(this.plan, this.state, this.#now)
      this.state = state
      if (action.do !== 'wait') this.#execute(action)
      else if (action.until > until) break
      else this.#now = Math.max(this.#now, action.until)
    }
    this.#now = Math.max(this.#now, until)
  }

  #execute(action: Exclude<Action, WaitAction>): void {
    const now = this.#now
    switch (action.do) {
      case 'send': {
        this.state = beginSendAction(this.state, action)
        const result = { result: 'sent', at: now, unclear: 0 } as const
        this.paid.push(action.grant.scene)
        this.state = applyActionResult(this.state, { ...action, result }, now)
        const tagging = tagsAfterSend(action, result, 0)
        if (tagging) this.state = applySuccess(this.state, tagging, this.#attributes, now)
        this.#report(action)
        break
      }
      case 'finish':
        this.state = finishRun(this.state, action, now)
        break
      default:
        this.state = applySuccess(this.state, action, this.#attributes, now)
        if (action.do === 'act') this.#report(action)
    }
  }

  #report({ step: { id, acts } }: Extract<Action, { do: 'send' | 'act' }>): void {
    if (acts?.set || acts?.go !== undefined)
      this.#onEffect({ set: acts.set, go: acts.go, step: id, at: this.#now })
  }
}
