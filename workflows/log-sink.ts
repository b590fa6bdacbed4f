import { proxySinks, type Sinks } from '@temporalio/workflow'

/** What a run says in the log: the key of the event that it is about, and of the run. */
interface RunLogFields {
  key: string
  run: string
  scene?: string
  campaign?: string
  outcome?: string
}

/** Lines leave the workflow by a sink, which is silent while a history is replayed and leaves no trace in it. */
export interface RunLogSinks extends Sinks {
  runLog: { info(message: string, fields: RunLogFields): void }
}

export const { runLog } = proxySinks<RunLogSinks>()
