import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import { ensurePrograms } from '../../scripts/ensure-test-tools.mjs'
import { NotAvailableError } from '../not-available.ts'
import { ADAPTERS } from './adapters/index.ts'
import { openProduct } from './adapters/product.ts'
import { neededPrograms } from './programs.ts'
import { playStory, type StoryFigures, type StorySize } from './story.ts'
import type { OpenSystem } from './system.ts'
import { openWorkerSystem } from './worker-system.ts'

/** Everything that `--peer` may name, in the order of the tables. */
export const PEERS: readonly string[] = [...Object.keys(ADAPTERS), 'product', 'keydb']

const KEYDB_REASON = 'Debian 12, npm and PyPI have no package with a server of KeyDB, Valkey, Kvrocks or SSDB'

/** The results of one design. */
export interface PeerResult {
  name: string
  rounds: StoryFigures[]
  /** Why it was not measured; null: it was. */
  missing: string | null
  /** The error of each round that failed. */
  failures: string[]
}

/** Options of `npm run bench -- --only peers`. */
export interface PeerOptions {
  peers: readonly string[]
  rounds: number
  size: StorySize
}

/**
 * Plays the same story on each design, `rounds` times, one design after the other in each round. Each round has new servers
 * with empty folders.
 */
export async function measurePeers(
  { peers, rounds, size }: PeerOptions,
  print: (line: string) => void,
): Promise<PeerResult[]> {
  ensurePrograms(neededPrograms(peers), { user: 'bench', skipped: 'designs that need them' })
  const folder = temporaryFolder('follower-nurture-peers-')
  // PostgreSQL runs as another user.
  chmodSync(folder, 0o755)
  const results = peers.map((name): PeerResult => {
    return { name, rounds: [], missing: name === 'keydb' ? KEYDB_REASON : null, failures: [] }
  })
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const result of results) {
        if (result.missing !== null) continue
        const began = performance.now()
        await playRound(result, { folder, round, size, print })
        const seconds = ((performance.now() - began) / 1_000).toFixed(0)
        print(`bench: ${result.name}, round ${round} of ${rounds}: ${result.missing ?? `${seconds} s`}`)
      }
    }
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function playRound(
  result: PeerResult,
  at: { folder: string; round: number; size: StorySize; print: (line: string) => void },
): Promise<void> {
  const { name } = result
  const open: OpenSystem = name === 'product' ? openProduct : openWorkerSystem(name)
  const own = join(at.folder, `${name}-${at.round}`)
  mkdirSync(own, { recursive: true })
  try {
    const system = await open({ folder: own, sharedFolder: at.folder, print: at.print })
    try {
      result.rounds.push(await playStory(system, at.size))
    } finally {
      await system.stop()
    }
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err)
    if (err instanceof NotAvailableError) result.missing = reason
    else result.failures.push(`round ${at.round}: ${reason}`)
  } finally {
    rmSync(own, { recursive: true, force: true, maxRetries: 5 })
  }
}
