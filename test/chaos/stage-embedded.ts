import { join } from 'node:path'
import { freePort } from '../../src/engine/local/ports.ts'
import { openStore } from '../../src/store/db.ts'
import { createPart } from '../../temporal-docker/native/part.ts'
import {
  answers,
  becomesReady,
  readFacts,
  SECRETS,
  type Stage,
  type StageOptions,
  smallDisk,
  startProgram,
} from './stage.ts'

const DISK_MB = 500

/** `npm start` as it is: one process with the embedded store, and the engine below it; killed and restarted whole. */
export async function setEmbeddedStage(options: StageOptions): Promise<Stage> {
  const { folder } = options
  const diskAt = join(folder, 'disk')
  const disk = smallDisk(diskAt, DISK_MB)
  const dataDir = join(diskAt, 'data')
  const [port, temporalPort, uiPort] = await Promise.all([freePort(), freePort(), freePort()])
  const base = `http://127.0.0.1:${port}`
  const isWell = (body: unknown) => (body as { engine?: string }).engine === 'up'
  const program = createPart({
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
    ready: () => becomesReady('npm start', () => answers(`${base}/readyz`, isWell)),
  })
  return {
    parts: [program],
    callbackBase: base,
    apiBase: base,
    ...(disk ? { fillDisk: disk.fill } : {}),
    async heal() {
      // A store that found no space may have ended for good; an operator would start the program again.
      await program.start().catch(async () => {
        await program.kill()
        await program.start()
      })
    },
    async readStore() {
      await program.end()
      const opened = await openStore({ dataDir })
      try {
        return await readFacts(opened.db)
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
