import { Context } from '@temporalio/activity'
import { TemporalFailure } from '@temporalio/common'
import { storableText, truncateText } from '../../src/shared/text.ts'
import { SealError } from '../../src/store/encryption/sealer.ts'
import { isRefusedData, StoreError } from '../../src/store/store-error.ts'
import type { ActivityDeps } from '../deps.ts'

/** Temporal retries after 1 s, 2 s, 4 s and 8 s. An error that outlasts these attempts is about the step's own data. */
const MAX_ATTEMPTS = 5
const REASON_MAX = 200

/**
 * Does one step's work. Temporal retries an ApplicationFailure and a transient error (the store is unavailable, an encryption
 * key is missing). Any other error is about this step and would block the whole series until the grant ends: on the last
 * attempt `endStep` ends the step, with the error as its reason.
 */
export async function endOnError<T>(
  { log }: Pick<ActivityDeps, 'log'>,
  work: () => Promise<T>,
  endStep: (reason: string) => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (err) {
    const { attempt, activityType, workflowExecution } = Context.current().info
    if (isTransient(err) || attempt < MAX_ATTEMPTS) throw err
    const run = workflowExecution?.runId
    log.error({ err, activity: activityType, run }, 'step ended by an unexpected error; see its reason')
    return await endStep(`fault: ${describeError(err)}`)
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
