import { ApplicationFailure, Context } from '@temporalio/activity'
import { parseWorkflowId } from '../../src/shared/ids.ts'

/** The run that the current activity belongs to. */
export interface CurrentRun {
  appId: string
  openId: string
  /** Temporal's run id. */
  runId: string
}

/**
 * Reads the follower and Temporal's run id from the activity's workflow. No activity input repeats them.
 * @throws ApplicationFailure, not retryable, when the workflow id names no follower
 */
export function currentRun(): CurrentRun {
  const { workflowExecution } = Context.current().info
  const workflowId = workflowExecution?.workflowId ?? ''
  const follower = parseWorkflowId(workflowId)
  if (!follower)
    throw ApplicationFailure.nonRetryable(`the workflow id ${workflowId} names no follower`, 'WorkflowId')
  const { appId, openId } = follower
  return { appId, openId, runId: workflowExecution?.runId ?? '' }
}
