import { loadConfig } from '../../../src/config/config.ts'
import { cacheFolder, findTemporalServer } from '../../../src/temporal/local-server/find-server.ts'
import { startLocalServer } from '../../../src/temporal/local-server/start-server.ts'

/** A Temporal server as a process that can be killed, with DATA_DIR, TEMPORAL_PORT and TEMPORAL_NAMESPACE as for `npm start`. */
const config = loadConfig()
const print = (line: string) => process.stderr.write(`${line}\n`)
const server = await startLocalServer({
  program: await findTemporalServer({ cacheDir: cacheFolder(config), print }),
  dataDir: config.dataDir,
  port: config.temporal.localPort,
  uiPort: 0,
  namespace: config.temporal.namespace,
})
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)))
await server.ended
process.exit(1)
