import { type Client, isGrpcServiceError } from '@temporalio/client'
import { workflowIdOf } from '../ids.ts'
import type { Whose } from '../store/runs.ts'
import type { Runs } from './runs.ts'

/** One try takes no longer: the dispatcher has other people's events to move. */
const END_WITHIN_MS = 5_000
const GONE_WITHIN_MS = 2_000
const LOOK_EVERY_MS = 200
const NOT_FOUND = 5

/** What forgetting a person takes from Temporal. */
export interface Erasing {
  /** Ends this follower's run (`cancelled`, `forgotten`). False while it is still ending: call again. */
  end(whose: Whose): Promise<boolean>
  /**
   * Deletes every history of a follower whose run has ended. Temporal takes its time (half a minute is usual): true when
   * neither its list nor `describe` finds anything any more, else call again.
   */
  deleteHistories(whose: Whose): Promise<boolean>
}

export function createErasing(deps: {
  client: Client
  runs: Pick<Runs, 'describe' | 'signal'>
  reaching<T>(call: () => Promise<T>): Promise<T>
}): Erasing {
  const { client, runs, reaching } = deps

  async function listed(workflowId: string): Promise<string[]> {
    const ids: string[] = []
    const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`
    for await (const execution of client.workflow.list({ query })) ids.push(execution.runId)
    return ids
  }

  async function remove(workflowId: string, runId: string): Promise<void> {
    const { namespace } = client.options
    const workflowExecution = { workflowId, runId }
    try {
      await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution })
    } catch (err) {
      if (!isGrpcServiceError(err) || Number(err.code) !== NOT_FOUND) throw err
    }
  }

  return {
    end(whose) {
      let told = ''
      return within(END_WITHIN_MS, async () => {
        const newest = await runs.describe(whose)
        if (!newest?.open) return true
        // A run that begins while another closes has an id of its own, and must hear it too.
        if (told !== newest.runId) await runs.signal(whose, 'cancel', 'forgotten')
        told = newest.runId
        return false
      })
    },
    deleteHistories(whose) {
      const workflowId = workflowIdOf(whose.appId, whose.openId)
      const asked = new Set<string>()
      return within(GONE_WITHIN_MS, async () => {
        const newest = await runs.describe(whose)
        const runIds = await reaching(() => listed(workflowId))
        if (newest) runIds.push(newest.runId)
        for (const runId of runIds.filter((id) => !asked.has(id))) {
          asked.add(runId)
          await reaching(() => remove(workflowId, runId))
        }
        return runIds.length === 0
      })
    },
  }
}

/** Looks until it is so, or the time is over. */
async function within(ms: number, look: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + ms
  for (;;) {
    if (await look()) return true
    if (Date.now() > until) return false
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
