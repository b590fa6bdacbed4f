import pg from 'pg'

/** PostgreSQL's statistics may lag behind by this much. */
const STATISTICS_DELAY_MS = 2_000
const TASKS_POLL_MS = 2_000
const NAMES = ['nurture', 'temporal', 'temporal_visibility'] as const
type DatabaseName = (typeof NAMES)[number]

/** The work of a period, by PostgreSQL's own counters. */
export interface Counters {
  seconds: number
  walBytes: number
  databases: Record<string, { commits: number; rows: number }>
}

/** Connects to the three databases of the production stack as their superuser. */
export async function openDatabases(server: { host: string; port: number }): Promise<StackDatabases> {
  const clients = await Promise.all(
    NAMES.map(async (database) => {
      const client = new pg.Client({ ...server, database, user: 'postgres' })
      await client.connect()
      return [database, client] as const
    }),
  )
  return new StackDatabases(Object.fromEntries(clients) as Record<DatabaseName, pg.Client>)
}

/** The three databases of the production stack: their sizes, their work and the connections to them. */
export class StackDatabases {
  readonly #clients: Record<DatabaseName, pg.Client>

  constructor(clients: Record<DatabaseName, pg.Client>) {
    this.#clients = clients
  }

  /**
   * Bytes by database, then by name: of each table with its values stored out of line (`TABLE`), and of each of its indexes
   * (`TABLE.INDEX`).
   */
  async sizes(): Promise<Record<string, Record<string, number>>> {
    const all = NAMES.map(async (name) => {
      const { rows } = await this.#clients[name].query<{ name: string; bytes: string }>(
        `SELECT relname AS name, pg_table_size(oid) AS bytes FROM pg_class
          WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT t.relname || '.' || i.relname, pg_relation_size(i.oid)
          FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
          WHERE t.relnamespace = 'public'::regnamespace`,
      )
      return [name, Object.fromEntries(rows.map((r) => [r.name, Number(r.bytes)]))] as const
    })
    return Object.fromEntries(await Promise.all(all))
  }

  /**
   * Waits until Temporal has deleted the tasks that it has executed, which it does about twice a minute. They belong to the
   * work of the last moments, not to a follower who waits.
   * @returns false when it takes longer than `timeoutMs`
   */
  async waitForTasks(timeoutMs: number): Promise<boolean> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const { rows } = await this.#clients.temporal.query<{ count: string }>(
        `SELECT (SELECT count(*) FROM transfer_tasks) + (SELECT count(*) FROM visibility_tasks)
          + (SELECT count(*) FROM timer_tasks WHERE visibility_timestamp < now()) AS count`,
      )
      if (Number(rows[0]?.count) === 0) return true
      if (performance.now() > until) return false
      await new Promise((resolve) => setTimeout(resolve, TASKS_POLL_MS))
    }
  }

  /**
   * Rewrites every table and index without free space. The checkpoint comes first, so that the pages which it would log as a
   * whole do not count as work of the next period.
   */
  async pack(): Promise<void> {
    await this.#clients.nurture.query('CHECKPOINT')
    for (const name of NAMES) await this.#clients[name].query('VACUUM FULL')
  }

  /** Commits, written rows and log while `work` runs. */
  async during(work: () => Promise<unknown>): Promise<Counters> {
    const [before, began] = [await this.#counters(), performance.now()]
    await work()
    const [after, seconds] = [await this.#counters(), (performance.now() - began) / 1_000]
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
  }

  /** Open connections by user and database, without those of this class. */
  async connections(): Promise<Record<string, number>> {
    const { rows } = await this.#clients.nurture.query<{ name: string; count: string }>(
      `SELECT usename || ' in ' || datname AS name, count(*) AS count FROM pg_stat_activity
        WHERE usename <> 'postgres' AND datname IS NOT NULL GROUP BY 1`,
    )
    return Object.fromEntries(rows.map((r) => [r.name, Number(r.count)]))
  }

  /** The number of sent messages of an account. */
  async countSent(appId: string): Promise<number> {
    const { rows } = await this.#clients.nurture.query<{ count: string }>(
      `SELECT count(*) AS count FROM deliveries WHERE app_id = $1 AND state = 'sent'`,
      [appId],
    )
    return Number(rows[0]?.count ?? 0)
  }

  async close(): Promise<void> {
    await Promise.all(NAMES.map((name) => this.#clients[name].end()))
  }

  async #counters(): Promise<Omit<Counters, 'seconds'>> {
    await new Promise((resolve) => setTimeout(resolve, STATISTICS_DELAY_MS))
    const { rows } = await this.#clients.nurture.query<{
      datname: string
      commits: string
      written: string
      wal: string
    }>(
      `SELECT datname, xact_commit AS commits, tup_inserted + tup_updated + tup_deleted AS written,
          pg_current_wal_lsn() - '0/0'::pg_lsn AS wal
        FROM pg_stat_database WHERE datname = ANY($1)`,
      [[...NAMES]],
    )
    const databases = Object.fromEntries(
      rows.map((r) => [r.datname, { commits: Number(r.commits), rows: Number(r.written) }]),
    )
    return { walBytes: Number(rows[0]?.wal ?? 0), databases }
  }
}
