import {
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../../../test/harness/process/program.ts'
import { waitFor } from '../../../test/harness/wait-for.ts'
import { countPending } from '../../load/progress.ts'
import { startBackend } from '../backend.ts'
import { descendantMemory } from '../descendant-memory.ts'
import { STORY_DELAYS_MS } from '../story.ts'
import type { OpenSystem } from '../system.ts'
import { openAccounts } from './product-accounts.ts'

/** Heartbeat time limit of a send (6 s), its retry (1 s), and the time limit of a workflow task (10 s by default). */
const RECOVERY_MS = 11_000
const MAX_WAITING = 150

/**
 * The product: `npm start` with PostgreSQL and a Temporal server beside it. A message is accepted as a signed, encrypted
 * callback of a follow, and is due a whole number of seconds after its `CreateTime`. An unfollow cancels it.
 */
export const openProduct: OpenSystem = async ({ folder, print }) => {
  const backend = await startBackend(['postgres', 'temporal'], folder, print)
  const { env, cleanUp } = await isolatedSettings()
  const base = `http://127.0.0.1:${env.PORT}`
  const accounts = await openAccounts(base)
  let program: Program | null = null
  const kill = async () => {
    program?.process.kill('SIGKILL')
    await program?.exited
  }
  return {
    recoveryMs: RECOVERY_MS,
    maxWaiting: MAX_WAITING,
    hasStore: true,
    connections: backend.connections,
    async start(route) {
      const stores = {
        DATABASE_URL: backend.url('postgres', route),
        TEMPORAL_ADDRESS: backend.url('temporal', route),
      }
      program = spawnProgram('src/start.ts', { ...env, ...stores, SIMULATOR: 'off', LOG_LEVEL: 'error' })
      await waitUntilReady(program)
      await accounts.register(STORY_DELAYS_MS)
    },
    kill,
    async accept(openId, delayMs) {
      const createTime = Math.floor(Date.now() / 1_000)
      const { ok } = await accounts.of(delayMs).follow(openId, { createTime })
      if (!ok) throw new Error(`the callback of ${openId} was not accepted`)
      return createTime * 1_000 + delayMs
    },
    async cancel(openId) {
      const { ok } = await accounts.followedBy(openId).unfollow(openId)
      if (!ok) throw new Error(`the unfollow of ${openId} was not accepted`)
    },
    async settle() {
      await waitFor(async () => (await countPending(base)) === 0)
    },
    arrivals: accounts.arrivals,
    delayAnswers: accounts.delayAnswers,
    memory: async () => descendantMemory(),
    disk: backend.disk,
    async stop() {
      await kill()
      await backend.stop()
      await accounts.close()
      cleanUp()
    },
  }
}
