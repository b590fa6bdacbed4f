import { loadConfig } from '../../src/config.ts'
import { cacheFolder, findEngine } from '../../src/engine/local/find.ts'
import { startLocalEngine } from '../../src/engine/local/start.ts'

/** The engine as a process that can be killed: DATA_DIR, TEMPORAL_PORT and TEMPORAL_NAMESPACE say where and what. */
const config = loadConfig()
const say = (line: string) => process.stderr.write(`${line}\n`)
const engine = await startLocalEngine({
  engine: await findEngine({ cacheDir: cacheFolder(config), say }),
  dataDir: config.dataDir,
  port: config.temporal.localPort,
  uiPort: 0,
  namespace: config.temporal.namespace,
})
process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)))
await engine.ended
process.exit(1)
