import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { decide } from '../../run/decide.ts'
import { workflowIdOf } from '../../shared/ids.ts'
import type { TestClock } from '../../simulator/index.ts'
import { createCampaignStore } from '../../store/campaigns/campaign-store.ts'
import { planOfRun } from '../../store/campaigns/plan-of-run.ts'
import type { Db } from '../../store/db.ts'
import { readFollower } from '../../store/runs/follower-rows.ts'
import { runsByFollower } from '../../store/runs/run-rows.ts'
import { advanceRunClock, readRunClock } from '../../temporal/advance-clock.ts'
import { mergeLedgers } from '../../wechat/rules/ledger.ts'
import type { Services } from '../services.ts'

const SYNC_ATTEMPTS = 30
const SYNC_INTERVAL_MS = 100
/** Clocks that differ by less count as equal. */
const TOLERANCE_MS = 1_500

/** Lets the simulated phone advance the clock of a follower's run. For development and tests only. */
export function createTestClock(client: Client, db: Db, closing: Services['closingClock']): TestClock {
  const campaigns = createCampaignStore(db, Date.now)
  const id = ({ appId, openId }: { appId: string; openId: string }) => workflowIdOf(appId, openId)
  return {
    async advance(follower, ms) {
      await advanceRunClock(client, id(follower), ms)
    },
    arriveAt: closing.arriveAt,
    async nextAt(follower, clockNow) {
      const [run] = await runsByFollower(db, follower, 1)
      if (!run || run.status === 'ended') return closing.nextAt(follower, clockNow)
      const clock = await readRunClock(client, id(follower))
      if (clock === null) return null
      const plan = await planOfRun(campaigns, run)
      if (!plan) return null
      // The run's snapshot may lack the newest interaction. The follower's row has its grants and its time.
      const row = await readFollower(db, follower)
      const state = {
        ...run.state,
        ledger: mergeLedgers(run.state.ledger, row?.grants ?? []),
        closesAt: Math.max(run.state.closesAt, (row?.lastInteractionAt ?? 0) + plan.windowMs),
      }
      const { next } = decide(plan, state, clock)
      return next.do === 'wait' ? next.until : clock
    },
    async syncTo(follower, clock) {
      const behind = clock - Date.now()
      if (behind <= TOLERANCE_MS) return
      for (let attempt = 0; attempt < SYNC_ATTEMPTS; attempt++) {
        const at = await clockOfOpenRun(client, id(follower))
        if (at !== null) {
          if (clock - at > TOLERANCE_MS) await advanceRunClock(client, id(follower), clock - at)
          return
        }
        await sleep(SYNC_INTERVAL_MS)
      }
    },
  }
}

async function clockOfOpenRun(client: Client, workflowId: string): Promise<number | null> {
  try {
    const found = await client.workflow.getHandle(workflowId).describe()
    return found.status.name === 'RUNNING' ? await readRunClock(client, workflowId) : null
  } catch {
    return null
  }
}
