import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { SECOND_MS } from '../shared/time-units.ts'

const TABLE = 'executions_visibility'
/** Marks an index that this module made partial, so that `revert` changes no other. */
const MARK = 'partial by follower-nurture'
/** The name of an index while it is being built. A process that was interrupted leaves it behind. */
const BUILD_SUFFIX = '_follower_nurture'
const ADVISORY_LOCK = 7_203_641_883
const CONNECT_TIMEOUT_MS = 10 * SECOND_MS
/** Statements of Temporal wait behind the exchange of an index. After this time the exchange stops waiting, and is tried again. */
const LOCK_TIMEOUT_MS = 2 * SECOND_MS
const EXCHANGE_TRIES = 20
const EXCHANGE_PAUSE_MS = SECOND_MS
const LOCK_NOT_AVAILABLE = '55P03'

/** An index on a column that is null in most rows. */
export interface VisibilityIndex {
  name: string
  column: string
  /** Without rows in which the column is null. */
  partial: boolean
  bytes: number
}

/** The database cannot be changed. The message says what to do. */
export class VisibilityIndexError extends Error {
  override name = 'VisibilityIndexError'
}

type IndexRow = VisibilityIndex & { definition: string; predicate: string | null; mark: string | null }

/**
 * The indexes of Temporal's visibility table on PostgreSQL that may be partial. Temporal has an index for each search
 * attribute, and each of them contains all rows (schema/postgresql/v12/visibility). For most attributes the column is null.
 * An index `WHERE column IS NOT NULL` answers the same queries, because a comparison with a null is never true; only a query
 * for rows without the attribute no longer uses it. The names stay, since later versions of Temporal's schema use them.
 */
export class VisibilityIndexes {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /**
   * Connects to Temporal's visibility database, and closes the connection after `work`.
   * @param connectionString of the owner of its tables
   * @throws VisibilityIndexError when there is no visibility table
   */
  static async use<T>(
    connectionString: string,
    work: (indexes: VisibilityIndexes) => Promise<T>,
  ): Promise<T> {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
    // A lost connection rejects the running statement. Without a listener it would also end the process.
    client.on('error', () => {})
    await client.connect()
    try {
      const { rows } = await client.query<{ table: string | null }>('SELECT to_regclass($1)::text AS table', [
        TABLE,
      ])
      if (!rows[0]?.table)
        throw new VisibilityIndexError(
          `The database has no table ${TABLE}. It must be Temporal's visibility database, after Temporal's schema tool has created its tables.`,
        )
      return await work(new VisibilityIndexes(client))
    } finally {
      await client.end()
    }
  }

  /** All of them, by name. */
  async list(): Promise<VisibilityIndex[]> {
    return (await this.#read()).map(({ name, column, partial, bytes }) => ({ name, column, partial, bytes }))
  }

  /**
   * Makes each index partial. Temporal may run: an index is built beside its predecessor and then takes its place. It can be
   * repeated, as after an update of Temporal's schema.
   * @returns the names of the changed indexes
   * @throws VisibilityIndexError when another process changes them
   */
  apply(): Promise<string[]> {
    return this.#rebuild((index) => !index.partial, whereNotNull)
  }

  /** Makes each index contain all rows again, as Temporal's schema has it. @returns the names of the changed indexes */
  revert(): Promise<string[]> {
    return this.#rebuild((index) => index.partial, withoutPredicate)
  }

  async #rebuild(
    isDue: (index: IndexRow) => boolean,
    definitionOf: (index: IndexRow) => string,
  ): Promise<string[]> {
    const { rows } = await this.#client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1) AS locked',
      [ADVISORY_LOCK],
    )
    if (!rows[0]?.locked)
      throw new VisibilityIndexError('Another process changes the indexes. Wait until it has ended.')
    const changed: string[] = []
    for (const index of (await this.#read()).filter(isDue)) {
      const built = index.name + BUILD_SUFFIX
      await this.#client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${pg.escapeIdentifier(built)}`)
      await this.#client.query(
        definitionOf(index).replace(
          /^CREATE INDEX (?:"(?:[^"]|"")+"|\S+) ON /,
          `CREATE INDEX CONCURRENTLY ${pg.escapeIdentifier(built)} ON `,
        ),
      )
      await this.#exchange(index.name, built, index.partial ? null : MARK)
      changed.push(index.name)
    }
    return changed
  }

  /** Gives the built index the name of its predecessor, which is dropped. */
  async #exchange(name: string, built: string, mark: string | null): Promise<void> {
    const [old, fresh] = [pg.escapeIdentifier(name), pg.escapeIdentifier(built)]
    const comment = mark === null ? 'NULL' : pg.escapeLiteral(mark)
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#client.query('BEGIN')
        await this.#client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
        await this.#client.query(`DROP INDEX ${old}`)
        await this.#client.query(`ALTER INDEX ${fresh} RENAME TO ${old}`)
        await this.#client.query(`COMMENT ON INDEX ${old} IS ${comment}`)
        await this.#client.query('COMMIT')
        return
      } catch (err) {
        await this.#client.query('ROLLBACK')
        if (attempt >= EXCHANGE_TRIES || !isLockTimeout(err)) throw err
        await sleep(EXCHANGE_PAUSE_MS)
      }
    }
  }

  /** Indexes on `namespace_id` and then a nullable column. Ones with another predicate, or being built, are left out. */
  async #read(): Promise<IndexRow[]> {
    const { rows } = await this.#client.query<Omit<IndexRow, 'partial' | 'bytes'> & { bytes: string }>(
      `SELECT i.relname AS name, quote_ident(a.attname) AS column, pg_get_indexdef(i.oid) AS definition,
          pg_get_expr(x.indpred, x.indrelid) AS predicate, obj_description(i.oid, 'pg_class') AS mark,
          pg_relation_size(i.oid) AS bytes
        FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_attribute first ON first.attrelid = x.indrelid AND first.attnum = x.indkey[0]
        JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[1]
        WHERE x.indrelid = to_regclass($1) AND NOT x.indisunique AND first.attname = 'namespace_id'
          AND NOT a.attnotnull AND i.relname NOT LIKE '%' || $2
        ORDER BY i.relname`,
      [TABLE, BUILD_SUFFIX],
    )
    return rows.flatMap((row) => {
      const partial = row.mark === MARK && row.predicate === `(${row.column} IS NOT NULL)`
      return partial || row.predicate === null ? [{ ...row, partial, bytes: Number(row.bytes) }] : []
    })
  }
}

function whereNotNull({ definition, column }: IndexRow): string {
  return `${definition} WHERE ${column} IS NOT NULL`
}

function withoutPredicate({ definition, predicate }: IndexRow): string {
  const where = ` WHERE ${predicate}`
  if (!definition.endsWith(where)) throw new Error(`an index has an unexpected definition: ${definition}`)
  return definition.slice(0, -where.length)
}

function isLockTimeout(err: unknown): boolean {
  return err instanceof pg.DatabaseError && err.code === LOCK_NOT_AVAILABLE
}
