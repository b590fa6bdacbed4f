import { ApplicationFailure, setHandler } from '@temporalio/workflow'
import type { RunStart } from '../src/run/plan.ts'
import type { NurtureInput, NurtureResult } from './nurture-input.ts'
import { NurtureRun } from './nurture-run.ts'
import { type BufferedSignal, bufferSignals, receiveSignals, startIn } from './signals.ts'
import { stateQuery } from './state-query.ts'

/**
 * One follower's run through one campaign. It receives the follower's events as signals, decides, executes one action at a
 * time, and ends with an outcome. A business outcome is a value, never an exception. A run that starts while this one
 * closes continues as new.
 */
export async function FollowerNurture(input: NurtureInput): Promise<NurtureResult> {
  const early = bufferSignals()
  const run = new NurtureRun({ ...input, start: input.start ?? startOfRun(early) })
  setHandler(stateQuery, () => run.present(), { description: 'The run as the operator API shows it.' })
  receiveSignals(run, early)

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
      case 'learn':
        await run.learn(action)
        break
      case 'act':
        await run.act(action)
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

/**
 * The start of a run that began together with a signal. That signal is before all others in the history.
 * @throws ApplicationFailure, not retryable, when the signal has none
 */
function startOfRun([first]: readonly BufferedSignal[]): RunStart {
  const start = first && startIn(first)
  if (start) return start
  const message =
    'Neither the input nor the first signal says which campaign the run follows. Runs are started by the dispatcher.'
  throw ApplicationFailure.nonRetryable(message, 'MissingStart')
}
