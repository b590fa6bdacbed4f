import { randomUUID } from 'node:crypto'
import { createRunRebuild } from '../../src/jobs/rebuild-runs.ts'
import { createReconciler } from '../../src/jobs/reconcile-runs.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import type { AppHarness } from './app-harness.ts'
import { waitFor } from './wait-for.ts'

const WORKFLOW_TASK_COMPLETED = 7
/** ResetReapplyExcludeType */
const SIGNAL = 1

/** Runs the reconciler with a clock that is more than a minute ahead, since it skips runs younger than that. */
export function reconcilerOf(app: AppHarness, aheadMs = 61_000) {
  const { db, temporal: link, runs, namespaceGuard, log } = app.services
  let ended = 0
  const now = () => Date.now() + aheadMs
  const onEnded = () => {
    ended += 1
  }
  const job = createReconciler({ db, client: link.client, runs, namespaceGuard, now, log, onEnded })
  return { run: () => job.run({ lastRunAt: null }), ended: () => ended }
}

/** Runs the job that rebuilds the runs of an accepted namespace. */
export async function rebuildRuns(app: AppHarness): Promise<void> {
  const { db, temporal: link, runs, namespaceGuard, campaigns, configCache: directory, log } = app.services
  const { rulesOf } = directory
  const deps = { db, client: link.client, runs, namespaceGuard, campaigns, rulesOf, now: Date.now, log }
  await createRunRebuild(deps).run({ lastRunAt: null })
}

/** The operations on a run that an operator has in Temporal's own tools. */
export function operatorTools(app: AppHarness, appId: string, openId: string) {
  const { client } = app.services.temporal
  const { namespace } = client.options
  const workflowId = workflowIdOf(appId, openId)
  const handle = client.workflow.getHandle(workflowId)
  return {
    handle,
    terminate: () => handle.terminate('by an operator'),
    async delete(): Promise<void> {
      await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } })
      await waitFor(exists, { until: (there) => !there })
    },
    /** `temporal workflow reset --type FirstWorkflowTask`. Returns the id of the new execution. */
    async reset({ signals = true }: { signals?: boolean } = {}): Promise<string> {
      const { events } = await handle.fetchHistory()
      const first = events?.find((e) => Number(e.eventType) === WORKFLOW_TASK_COMPLETED)
      if (!first?.eventId) throw new Error('the history has no completed workflow task')
      const { runId } = await client.workflowService.resetWorkflowExecution({
        namespace,
        workflowExecution: { workflowId },
        reason: 'by an operator',
        requestId: randomUUID(),
        workflowTaskFinishEventId: first.eventId,
        ...(signals ? {} : { resetReapplyExcludeTypes: [SIGNAL] }),
      })
      return runId
    },
    status: async () => (await handle.describe()).status.name,
  }

  async function exists(): Promise<boolean> {
    return handle.describe().then(
      () => true,
      () => false,
    )
  }
}
