import { setHandler } from '@temporalio/workflow'
import type { NurtureInput, NurtureResult } from './nurture-input.ts'
import { NurtureRun } from './nurture-run.ts'
import { receiveSignals } from './signals.ts'
import { stateQuery } from './state-query.ts'

/**
 * One follower's run through one campaign. It receives the follower's events as signals, decides, executes one action at a
 * time, and ends with an outcome. A business outcome is a value, never an exception. A run that starts while this one
 * closes continues as new.
 */
export async function FollowerNurture(input: NurtureInput): Promise<NurtureResult> {
  const run = new NurtureRun(input)
  setHandler(stateQuery, () => run.present(), { description: 'The run as the operator API shows it.' })
  receiveSignals(run)

  for (;;) {
    const action = run.decide()
    switch (action.do) {
      case 'send':
        await run.send(action)
        break
      case 'tag':
        await run.tag(action)
        break
      case 'fetch-attributes':
        await run.fetchAttributes(action)
        break
      case 'wait':
        await run.wait(action)
        break
      case 'finish':
        return run.close(action)
      default:
        action satisfies never
    }
  }
}
