import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { supervise, untilReady } from '../../../src/temporal/local-server/supervise.ts'
import { initCluster } from '../../../test/harness/setup/postgres-cluster.ts'
import { NotAvailableError } from '../../not-available.ts'
import type { StartServer } from './server.ts'

/** PostgreSQL with its default settings, durable commits among them. */
export const startPostgresServer: StartServer = async (folder) => {
  const port = await freePort()
  const cluster = initCluster(folder, port)
  if (!cluster) throw new NotAvailableError('PostgreSQL is not installed (Debian: postgresql-15)')
  const { program, args, user, cwd, waitUntilReady } = cluster
  const server = supervise(program, args, { logFile: join(folder, 'postgres.log'), user, cwd })
  try {
    await untilReady('PostgreSQL', server, waitUntilReady)
  } catch (err) {
    await server.stop()
    throw err
  }
  const url = (address: string) => `postgres://test@${address}/postgres`
  const address = `127.0.0.1:${port}`
  return {
    address,
    url,
    /** Tables and indexes. The log is not counted: its files are reused. */
    async disk() {
      const client = new pg.Client({ connectionString: url(address) })
      await client.connect()
      try {
        const { rows } = await client.query<{ bytes: string }>(
          'SELECT sum(pg_database_size(oid)) AS bytes FROM pg_database',
        )
        return Number(rows[0]?.bytes)
      } finally {
        await client.end()
      }
    },
    stop: server.stop,
  }
}
