import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../temporal-docker/native/unix-user.ts'
import { createRandom } from '../support/random.ts'
import { judge } from './judge.ts'
import { perform } from './perform.ts'
import { type Report, reportOf } from './report.ts'
import type { Focus } from './schedule.ts'
import type { Stage, StageOptions } from './stage.ts'
import { setClusterStage } from './stage-cluster.ts'
import { setEmbeddedStage } from './stage-embedded.ts'
import { setPostgresStage } from './stage-postgres.ts'

const STAGES: Record<StoreKind, (options: StageOptions) => Promise<Stage | null>> = {
  postgres: setPostgresStage,
  embedded: setEmbeddedStage,
  cluster: setClusterStage,
}

export type StoreKind = 'postgres' | 'embedded' | 'cluster'

/**
 * One chaos run against one kind of store; null where this machine lacks what it needs. Its folder stays when it found
 * something, or broke off.
 */
export async function runChaos(options: {
  store: StoreKind
  seed: number
  forMs: number
  perSecond?: number
  /** Another checkout than this one. */
  root?: string
  focus?: Focus
  say?(line: string): void
}): Promise<Report | null> {
  const { store, seed, forMs, perSecond = 1, focus, say = () => {} } = options
  const folder = temporaryFolder('follower-nurture-chaos-')
  const forget = (what = folder) => rmSync(what, { recursive: true, force: true, maxRetries: 5 })
  const root = options.root ?? fileURLToPath(new URL('../..', import.meta.url))
  const stage = await STAGES[store]({ root, folder, say })
  if (!stage) {
    say(`chaos: ${store} is skipped`)
    forget()
    return null
  }
  if (!stage.fillDisk) say('chaos: the disk is not filled (it takes root, and not with the cluster)')
  let nothingFound = false
  try {
    const evidence = await perform(stage, { random: createRandom(seed), forMs, perSecond, focus, say })
    const report = reportOf(store, evidence, judge(evidence))
    nothingFound = report.findings.length === 0
    if (nothingFound) return report
    writeFileSync(join(folder, 'evidence.json'), JSON.stringify(evidence))
    say(`chaos: logs and evidence are kept in ${folder}`)
    return report
  } finally {
    await stage.end()
    forget(nothingFound ? folder : join(folder, 'disk'))
  }
}
