import { Client, Connection } from '@temporalio/client'

/** A run that Temporal still executes, with what explains why it stands still. */
export interface OpenExecution {
  workflowId: string
  runId: string
  /** Its pending workflow task, as Temporal describes it; null without one. */
  workflowTask: unknown
  history: { id: string; type: string; at: string; failure: string | undefined }[]
}

/** Describes every open run of a Temporal server, with its history. */
export async function describeOpenExecutions(address: string): Promise<OpenExecution[]> {
  const connection = await Connection.connect({ address })
  try {
    const { workflow } = new Client({ connection })
    const query = "WorkflowType = 'FollowerNurture' AND ExecutionStatus = 'Running'"
    const found: OpenExecution[] = []
    for await (const { workflowId, runId } of workflow.list({ query })) {
      const handle = workflow.getHandle(workflowId, runId)
      const { raw } = await handle.describe()
      const { events } = await handle.fetchHistory()
      found.push({
        workflowId,
        runId,
        workflowTask: raw.pendingWorkflowTask ?? null,
        history: (events ?? []).map((event) => ({
          id: String(event.eventId),
          type: String(event.eventType),
          at: new Date(Number(event.eventTime?.seconds ?? 0) * 1_000).toISOString(),
          failure: event.workflowTaskFailedEventAttributes?.failure?.message ?? undefined,
        })),
      })
    }
    return found
  } finally {
    await connection.close()
  }
}
