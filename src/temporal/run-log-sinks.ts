import type { InjectedSinks } from '@temporalio/worker'
import type { RunLogSinks } from '../../workflows/log-sink.ts'
import { maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'

/** Where the lines of workflows go: into our log, with the follower masked. */
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
