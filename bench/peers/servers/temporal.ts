import { join } from 'node:path'
import { loadConfig } from '../../../src/config/config.ts'
import {
  cacheFolder,
  findTemporalServer,
  NoTemporalServerError,
} from '../../../src/temporal/local-server/find-server.ts'
import { startLocalServer } from '../../../src/temporal/local-server/start-server.ts'
import { NotAvailableError } from '../../not-available.ts'
import type { StartServer } from './server.ts'
import { sqliteSize } from './sqlite-size.ts'

/** The local Temporal server of `npm start`: one process on SQLite. */
export const startTemporalServer: StartServer = async (folder, print) => {
  const program = await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print }).catch((err) => {
    if (err instanceof NoTemporalServerError) throw new NotAvailableError(err.message)
    throw err
  })
  const server = await startLocalServer({
    program,
    dataDir: folder,
    port: 0,
    uiPort: 0,
    namespace: 'default',
  })
  return {
    address: server.address,
    url: (address) => address,
    disk: async () => sqliteSize(join(folder, 'temporal', 'temporal.db')),
    stop: server.stop,
  }
}
