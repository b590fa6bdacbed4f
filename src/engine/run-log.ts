import type { InjectedSinks } from '@temporalio/worker'
import type { RunLogSinks } from '../../workflows/run-log.ts'
import { maskId, whoseOf } from '../ids.ts'
import type { Log } from '../log.ts'

/** Where the lines of workflows go: into our log, with the follower masked. */
export function runLogSinks(log: Log): InjectedSinks<RunLogSinks> {
  return {
    runLog: {
      info: {
        fn({ workflowId }, message, line) {
          const whose = whoseOf(workflowId)
          log.info({ ...line, appId: whose?.appId, follower: whose && maskId(whose.openId) }, message)
        },
      },
    },
  }
}
