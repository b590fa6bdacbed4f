import { proxySinks, type Sinks } from '@temporalio/workflow'

/** Fields of a run's log line. `key` is the event's dedupe key, `run` the run's key. */
interface RunLogFields {
  key: string
  run: string
  scene?: string
  campaign?: string
  outcome?: string
}

/** A workflow logs through a sink: it adds nothing to the history and does nothing during a replay. */
export interface RunLogSinks extends Sinks {
  runLog: { info(message: string, fields: RunLogFields): void }
}

export const { runLog } = proxySinks<RunLogSinks>()
