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
import { type LocalServer, startLocalServer } from '../../../src/temporal/local-server/start-server.ts'
import { reportSetupError } from './report-setup-error.ts'

/** Starts one real Temporal server for the test run, on free ports, with its data in a temporary folder. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const print = (line: string) => process.stderr.write(`${line}\n`)
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-temporal-'))
  try {
    const settings = {
      // A history is deleted when the state of the queue is written, every 30 s by default.
      'history.transferProcessorUpdateAckInterval': '1s',
      // Temporal checks every three minutes by default whether a run still needs a worker version.
      'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '1s',
      'matching.wv.VersionDrainageStatusRefreshInterval': '1s',
    }
    const running = await startTemporal(dataDir, { print, settings })
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

export interface TemporalOptions {
  print?: (line: string) => void
  /** Replaces values of the dynamic configuration. */
  settings?: Record<string, unknown>
}

/**
 * Starts the Temporal server of `npm start` on free ports, with its data in a folder. The caller stops it.
 * @throws NoTemporalServerError when this machine has none and cannot get one
 */
export async function startTemporal(
  dataDir: string,
  { print = () => {}, settings }: TemporalOptions = {},
): Promise<LocalServer> {
  return startLocalServer({
    program: await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print }),
    dataDir,
    port: 0,
    uiPort: 0,
    namespace: 'default',
    ...(settings ? { settings } : {}),
  })
}
