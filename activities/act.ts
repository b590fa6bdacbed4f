import type { ActResult, DoneStep } from '../src/run/act.ts'
import { maskId } from '../src/shared/ids.ts'
import { type WrittenEffects, writeStepEffects } from '../src/store/runs/step-effects.ts'
import { currentRun } from './attempt/current-run.ts'
import { endOnError } from './attempt/end-on-error.ts'
import type { ActivityDeps } from './deps.ts'

/** A step without a message, as the workflow knows it. */
export type ActInput = DoneStep

/** Writes what a step without a message does: facts, a webhook, the entry into another campaign. */
export function createAct(deps: ActivityDeps) {
  return async function act(input: ActInput): Promise<ActResult> {
    const { appId, openId } = currentRun()
    const follower = { appId, openId }
    return endOnError<ActResult>(
      deps,
      async () => {
        const written = await deps.db.transaction((tx) => writeStepEffects(tx, follower, input, deps.now()))
        reportEffects(deps, { ...follower, ...input }, written)
        return { result: 'done' }
      },
      async (reason) => ({ result: 'refused', reason, errcode: null }),
    )
  }
}

/** Wakes the dispatcher for the events of a step, and logs why a follower cannot enter the next campaign. */
export function reportEffects(
  { log, onEvents }: Pick<ActivityDeps, 'log' | 'onEvents'>,
  { appId, openId, runKey, stepId }: { appId: string; openId: string; runKey: string; stepId: string },
  { hasEvents, problem }: WrittenEffects,
): void {
  if (hasEvents) onEvents?.()
  if (problem === null) return
  log.warn(
    { key: runKey, run: runKey, appId, follower: maskId(openId), step: stepId, problem },
    'the run ends for another campaign, which the follower cannot enter',
  )
}
