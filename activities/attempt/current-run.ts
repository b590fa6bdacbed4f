import { ApplicationFailure, Context } from '@temporalio/activity'
import { parseWorkflowId } from '../../src/shared/ids.ts'

/** The run that the current activity works for. */
export interface CurrentRun {
  appId: string
  openId: string
  /** Temporal's run id. */
  runId: string
}

/** The follower and Temporal's run id, read from the workflow's identity: no input repeats them. */
export function currentRun(): CurrentRun {
  const { workflowExecution } = Context.current().info
  const workflowId = workflowExecution?.workflowId ?? ''
  const follower = parseWorkflowId(workflowId)
  if (!follower)
    throw ApplicationFailure.nonRetryable(`not the id of a follower's workflow: ${workflowId}`, 'WorkflowId')
  const { appId, openId } = follower
  return { appId, openId, runId: workflowExecution?.runId ?? '' }
}
