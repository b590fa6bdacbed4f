import { join } from 'node:path'
import { NoTemporalServerError } from '../../../src/temporal/local-server/find-server.ts'
import { startTemporal } from '../../../test/harness/setup/temporal.ts'
import { NotAvailableError } from '../../not-available.ts'
import type { StartServer } from './server.ts'
import { sqliteSize } from './sqlite-size.ts'

/** The local Temporal server of `npm start`: one process on SQLite. */
export const startTemporalServer: StartServer = async (folder, print) => {
  const server = await startTemporal(folder, { print }).catch((err) => {
    if (err instanceof NoTemporalServerError) throw new NotAvailableError(err.message)
    throw err
  })
  return {
    address: server.address,
    url: (address) => address,
    disk: async () => sqliteSize(join(folder, 'temporal', 'temporal.db')),
    stop: server.stop,
  }
}
