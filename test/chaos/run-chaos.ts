import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import { createRandom } from '../harness/random.ts'
import { startClusterEnvironment } from './environments/cluster-environment.ts'
import { startEmbeddedEnvironment } from './environments/embedded-environment.ts'
import type { Environment, EnvironmentOptions } from './environments/environment.ts'
import { startPostgresEnvironment } from './environments/postgres-environment.ts'
import { judge } from './judge/judge.ts'
import { type Report, reportOf } from './judge/report.ts'
import { runScenario } from './run-scenario.ts'
import type { Focus } from './schedule.ts'

const ENVIRONMENTS: Record<StoreKind, (options: EnvironmentOptions) => Promise<Environment | null>> = {
  postgres: startPostgresEnvironment,
  embedded: startEmbeddedEnvironment,
  cluster: startClusterEnvironment,
}

export type StoreKind = 'postgres' | 'embedded' | 'cluster'

/**
 * One chaos run against one kind of store; null where this machine lacks a program that it needs. The folder with logs is
 * kept when the run found something or failed.
 */
export async function runChaos(options: {
  store: StoreKind
  seed: number
  forMs: number
  perSecond?: number
  /** Another checkout; this one by default. */
  root?: string
  focus?: Focus
  print?(line: string): void
}): Promise<Report | null> {
  const { store, seed, forMs, perSecond = 1, focus, print = () => {} } = options
  const folder = temporaryFolder('follower-nurture-chaos-')
  const removeFolder = (what = folder) => rmSync(what, { recursive: true, force: true, maxRetries: 5 })
  const root = options.root ?? fileURLToPath(new URL('../..', import.meta.url))
  const environment = await ENVIRONMENTS[store]({ root, folder, print })
  if (!environment) {
    print(`chaos: ${store} is skipped`)
    removeFolder()
    return null
  }
  if (!environment.fillDisk) print('chaos: the disk is not filled (only root can, and not with the cluster)')
  let nothingFound = false
  try {
    const evidence = await runScenario(environment, {
      random: createRandom(seed),
      forMs,
      perSecond,
      focus,
      print,
      onOpen: (executions) => {
        if (executions.length > 0)
          writeFileSync(join(folder, 'open-executions.json'), JSON.stringify(executions, null, 1))
      },
    })
    const report = reportOf(store, evidence, judge(evidence))
    nothingFound = report.findings.length === 0
    if (nothingFound) return report
    writeFileSync(join(folder, 'evidence.json'), JSON.stringify(evidence))
    print(`chaos: logs and evidence are kept in ${folder}`)
    return report
  } finally {
    await environment.end()
    removeFolder(nothingFound ? folder : join(folder, 'disk'))
  }
}
