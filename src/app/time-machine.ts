import type { Client } from '@temporalio/client'
import { decide } from '../campaign/decide.ts'
import { fastForward, runClock } from '../engine/fast-forward.ts'
import { workflowIdOf } from '../ids.ts'
import type { TimeMachine } from '../simulator/index.ts'
import type { Db } from '../store/db.ts'
import { readFollower } from '../store/followers.ts'
import { runsOf } from '../store/runs.ts'
import { mergeLedgers } from '../wechat/ledger.ts'

const ALIGN_TRIES = 30
const ALIGN_EVERY_MS = 100
/** Closer than this, two clocks are the same. */
const SAME_MS = 1_500

/** Lets the simulator's phone move a follower's run on. Development and tests only: the product has no such thing. */
export function createTimeMachine(client: Client, db: Db): TimeMachine {
  const id = ({ appId, openId }: { appId: string; openId: string }) => workflowIdOf(appId, openId)
  return {
    async hop(who, ms) {
      await fastForward(client, id(who), ms)
    },
    async nextAt(who) {
      const [run] = await runsOf(db, who, 1)
      if (!run || run.status === 'ended') return null
      const clock = await runClock(client, id(who))
      if (clock === null) return null
      // The snapshot may lack the newest grants; the follower's row has them.
      const follower = await readFollower(db, who)
      const state = { ...run.state, ledger: mergeLedgers(run.state.ledger, follower?.grants ?? []) }
      const { next } = decide(run.plan, state, clock)
      return next.do === 'wait' ? next.until : clock
    },
    async align(who, clock) {
      const behind = clock - Date.now()
      if (behind <= SAME_MS) return
      for (let tries = 0; tries < ALIGN_TRIES; tries++) {
        const at = await openRunClock(client, id(who))
        if (at !== null) {
          if (clock - at > SAME_MS) await fastForward(client, id(who), clock - at)
          return
        }
        await new Promise((resolve) => setTimeout(resolve, ALIGN_EVERY_MS))
      }
    },
  }
}

async function openRunClock(client: Client, workflowId: string): Promise<number | null> {
  try {
    const found = await client.workflow.getHandle(workflowId).describe()
    return found.status.name === 'RUNNING' ? await runClock(client, workflowId) : null
  } catch {
    return null
  }
}
