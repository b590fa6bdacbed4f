import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { loadConfig } from '../../../src/config/config.ts'
import {
  cacheFolder,
  findTemporalServer,
  NoTemporalServerError,
} from '../../../src/temporal/local-server/find-server.ts'
import { startLocalServer } from '../../../src/temporal/local-server/start-server.ts'
import { reportSetupError } from './report-setup-error.ts'

/** One real Temporal server for the whole run, on free ports, with its data in a temporary folder. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const print = (line: string) => process.stderr.write(`${line}\n`)
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-engine-'))
  try {
    const engine = await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print })
    const settings = {
      // Tests hop from timer to timer; Temporal's own value.
      'history.timerProcessorMaxPollRPS': 20,
      // A deleted history is gone when the queue's state was written: every 30 s, unless said otherwise.
      'history.transferProcessorUpdateAckInterval': '1s',
      // That no run needs a worker version any more is looked up every three minutes, unless said otherwise.
      'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '1s',
      'matching.wv.VersionDrainageStatusRefreshInterval': '1s',
    }
    const ports = { port: 0, uiPort: 0 }
    const running = await startLocalServer({
      program: engine,
      dataDir,
      ...ports,
      namespace: 'default',
      settings,
    })
    project.provide('temporalAddress', running.address)
    return async () => {
      await running.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  } catch (err) {
    if (err instanceof NoTemporalServerError)
      print(`tests: no Temporal server, its tiers are skipped. ${err.message}`)
    else reportSetupError(project, err)
    project.provide('temporalAddress', '')
    return async () => rmSync(dataDir, { recursive: true, force: true })
  }
}
