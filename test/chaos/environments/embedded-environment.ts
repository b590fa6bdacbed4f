import { join } from 'node:path'
import { createManagedProcess } from '../../../scripts/cluster/managed-process.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import {
  type Environment,
  type EnvironmentOptions,
  mountSmallDisk,
  readRecords,
  respondsOk,
  SECRETS,
  startProgram,
  waitUntilReady,
} from './environment.ts'

const DISK_MB = 500

/** `npm start`: one process with the embedded store and the local Temporal server, killed and restarted together. */
export async function startEmbeddedEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { folder } = options
  const diskAt = join(folder, 'disk')
  const disk = mountSmallDisk(diskAt, DISK_MB)
  const dataDir = join(diskAt, 'data')
  const [port, temporalPort, uiPort] = await Promise.all([freePort(), freePort(), freePort()])
  const base = `http://127.0.0.1:${port}`
  const isUp = (body: unknown) => (body as { engine?: string }).engine === 'up'
  const program = createManagedProcess({
    name: 'npm-start',
    logFile: join(folder, 'npm-start.log'),
    spawn: () =>
      startProgram(options, 'npm-start', 'src/start.ts', {
        ...SECRETS,
        DATA_DIR: dataDir,
        PORT: String(port),
        TEMPORAL_PORT: String(temporalPort),
        TEMPORAL_UI_PORT: String(uiPort),
        SIMULATOR: 'off',
      }),
    ready: () => waitUntilReady('npm start', () => respondsOk(`${base}/readyz`, isUp)),
  })
  return {
    processes: [program],
    callbackBase: base,
    apiBase: base,
    temporalAddress: `127.0.0.1:${temporalPort}`,
    ...(disk ? { fillDisk: disk.fill } : {}),
    async startAll() {
      // A store without disk space may have ended the program. An operator would start it again.
      await program.start().catch(async () => {
        await program.kill()
        await program.start()
      })
    },
    async readStore() {
      await program.end()
      const opened = await openStore({ dataDir })
      try {
        return await readRecords(opened.db)
      } finally {
        await opened.close()
      }
    },
    async end() {
      await program.end()
      disk?.unmount()
    },
  }
}
