import type { InjectedSinks } from '@temporalio/worker'
import type { RunLogSinks } from '../../workflows/log-sink.ts'
import { maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'

/** Writes the log lines of workflows to the log of this process, with the follower's id masked. */
export function runLogSinks(log: Log): InjectedSinks<RunLogSinks> {
  return {
    runLog: {
      info: {
        fn({ workflowId }, message, line) {
          const follower = parseWorkflowId(workflowId)
          log.info(
            { ...line, appId: follower?.appId, follower: follower && maskId(follower.openId) },
            message,
          )
        },
      },
    },
  }
}
