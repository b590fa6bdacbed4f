import { randomUUID } from 'node:crypto'
import { createRunRebuild } from '../../src/jobs/rebuild-runs.ts'
import { createReconciler } from '../../src/jobs/reconcile-runs.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import type { AppHarness } from './app-harness.ts'
import { waitFor } from './wait-for.ts'

const WORKFLOW_TASK_COMPLETED = 7
/** ResetReapplyExcludeType */
const SIGNAL = 1

/** The reconciler, a minute and a bit from now: it leaves young runs alone. */
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

/** The job that makes an accepted engine whole, once. */
export function rebuildRuns(app: AppHarness): Promise<void> {
  const { db, temporal: link, runs, namespaceGuard, configCache: directory, log } = app.services
  const { rulesOf } = directory
  return createRunRebuild({ db, client: link.client, runs, namespaceGuard, rulesOf, now: Date.now, log }).run(
    {
      lastRunAt: null,
    },
  )
}

/** What an operator can do to a run with Temporal's own tools. */
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
    /** `temporal workflow reset --type FirstWorkflowTask`; gives the new execution's id. */
    async reset({ signals = true }: { signals?: boolean } = {}): Promise<string> {
      const { events } = await handle.fetchHistory()
      const first = events?.find((e) => Number(e.eventType) === WORKFLOW_TASK_COMPLETED)
      if (!first?.eventId) throw new Error('no workflow task was completed yet')
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
