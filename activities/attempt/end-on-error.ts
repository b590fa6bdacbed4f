import { Context } from '@temporalio/activity'
import { TemporalFailure } from '@temporalio/common'
import { storableText, truncateText } from '../../src/shared/text.ts'
import { SealError } from '../../src/store/encryption/sealer.ts'
import { isRefusedData, StoreError } from '../../src/store/store-error.ts'
import type { ActivityDeps } from '../deps.ts'

/** Temporal tries again after 1 s, 2 s, 4 s and 8 s: by then nothing but the step's own data is left as the cause. */
const MAX_ATTEMPTS = 5
const REASON_MAX = 200

/**
 * Does one step's work. What it throws on purpose (ApplicationFailure) and what passes (the store is away, a key is missing)
 * is Temporal's to try again; any other exception is about this step, and would hold up the whole series for as long as the
 * grant lives: after a few tries `otherwise` ends the step, with the fault as its reason.
 */
export async function endOnError<T>(
  { log }: Pick<ActivityDeps, 'log'>,
  work: () => Promise<T>,
  giveUp: (fault: string) => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (err) {
    const { attempt, activityType, workflowExecution } = Context.current().info
    if (isTransient(err) || attempt < MAX_ATTEMPTS) throw err
    const run = workflowExecution?.runId
    log.error({ err, activity: activityType, run }, 'step ended by an unexpected error; see its reason')
    return await giveUp(`fault: ${describeError(err)}`)
  }
}

function isTransient(err: unknown): boolean {
  if (err instanceof TemporalFailure || err instanceof SealError) return true
  return err instanceof StoreError && !isRefusedData(err)
}

function describeError(err: unknown): string {
  const text = err instanceof Error ? `${err.name}: ${err.message}` : String(err)
  return truncateText(storableText(text), REASON_MAX)
}
