import pg from 'pg'

/** How late PostgreSQL's counters may be. */
const COUNTED_AFTER_MS = 2_000

/** What was done in a while, by PostgreSQL's own counters. */
export interface Counters {
  seconds: number
  walBytes: number
  databases: Record<string, { commits: number; rows: number }>
}

/** The three databases of the production stack, as their superuser sees them. */
export async function openDatabases(where: { host: string; port: number }) {
  const open = async (database: string) => {
    const client = new pg.Client({ ...where, database, user: 'postgres' })
    await client.connect()
    return client
  }
  const nurture = await open('nurture')
  const clients = [
    { name: 'nurture', client: nurture },
    { name: 'temporal', client: await open('temporal') },
    { name: 'temporal_visibility', client: await open('temporal_visibility') },
  ]

  async function counters(): Promise<Omit<Counters, 'seconds'>> {
    await new Promise((resolve) => setTimeout(resolve, COUNTED_AFTER_MS))
    const { rows } = await nurture.query<{ datname: string; commits: string; written: string; wal: string }>(
      `SELECT datname, xact_commit AS commits, tup_inserted + tup_updated + tup_deleted AS written,
          pg_current_wal_lsn() - '0/0'::pg_lsn AS wal
        FROM pg_stat_database WHERE datname = ANY($1)`,
      [clients.map(({ name }) => name)],
    )
    const databases = Object.fromEntries(
      rows.map((r) => [r.datname, { commits: Number(r.commits), rows: Number(r.written) }]),
    )
    return { walBytes: Number(rows[0]?.wal ?? 0), databases }
  }

  return {
    /** Bytes of each table, its indexes and what is kept outside of the row. */
    async sizes(): Promise<Record<string, Record<string, number>>> {
      const all = clients.map(async ({ name, client }) => {
        const { rows } = await client.query<{ relname: string; bytes: string }>(
          `SELECT relname, pg_total_relation_size(oid) AS bytes FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
        )
        return [name, Object.fromEntries(rows.map((r) => [r.relname, Number(r.bytes)]))] as const
      })
      return Object.fromEntries(await Promise.all(all))
    },
    /**
     * Rewrites every table and index without room between. The checkpoint comes before: what is packed has been logged
     * as whole pages then, and is not again.
     */
    async pack(): Promise<void> {
      await nurture.query('CHECKPOINT')
      for (const { client } of clients) await client.query('VACUUM FULL')
    },
    /** What is committed and logged while `work` goes on. */
    async during(work: () => Promise<unknown>): Promise<Counters> {
      const [before, began] = [await counters(), performance.now()]
      await work()
      const [after, seconds] = [await counters(), (performance.now() - began) / 1_000]
      const databases = Object.fromEntries(
        Object.entries(after.databases).map(([name, { commits, rows }]) => [
          name,
          {
            commits: commits - (before.databases[name]?.commits ?? 0),
            rows: rows - (before.databases[name]?.rows ?? 0),
          },
        ]),
      )
      return { seconds, walBytes: after.walBytes - before.walBytes, databases }
    },
    /** Open connections by user and database, without ours. */
    async connections(): Promise<Record<string, number>> {
      const { rows } = await nurture.query<{ name: string; count: string }>(
        `SELECT usename || ' in ' || datname AS name, count(*) AS count FROM pg_stat_activity
          WHERE usename <> 'postgres' AND datname IS NOT NULL GROUP BY 1`,
      )
      return Object.fromEntries(rows.map((r) => [r.name, Number(r.count)]))
    },
    /** Messages of an account that are out. */
    async sentOf(appId: string): Promise<number> {
      const { rows } = await nurture.query<{ count: string }>(
        `SELECT count(*) AS count FROM deliveries WHERE app_id = $1 AND state = 'sent'`,
        [appId],
      )
      return Number(rows[0]?.count ?? 0)
    },
    async close(): Promise<void> {
      await Promise.all(clients.map(({ client }) => client.end()))
    },
  }
}
