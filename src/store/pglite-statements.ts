import { type PGlite, parse, protocol, type QueryOptions, type Results } from '@electric-sql/pglite'

const { serialize } = protocol
/** Each keeps its plan in memory. */
const MAX_STATEMENTS = 100
/** A longer text has a row of values for each of many rows. It rarely comes again. */
const MAX_TEXT_LENGTH = 6_000
/**
 * A statement is prepared again after this many uses, or this long after it was prepared. PostgreSQL keeps the plan that fits
 * the sizes of the tables when it was made, and PGlite has no autovacuum to invalidate it.
 */
const MAX_USES = 100
const MAX_AGE_MS = 10_000
/** SQLSTATEs: the result of a prepared statement has other columns since the schema changed; no such statement. */
const MUST_PREPARE = new Set(['0A000', '26000'])

interface Statement {
  name: string
  parameterTypes: readonly number[]
  /** Empty when the statement returns no rows. */
  rowDescription: Messages
  parsers: PGlite['parsers']
  uses: number
  preparedAt: number
}

type Params = readonly unknown[]
type Messages = Awaited<ReturnType<PGlite['execProtocolStream']>>

/**
 * Runs the queries of one PGlite as prepared statements. `PGlite.query` sends six messages one by one, and PostgreSQL parses
 * and plans the text each time. A prepared statement needs one call, and its plan is kept for a while.
 */
export class PreparedStatements {
  readonly #pglite: PGlite
  readonly #monotonicNow: () => number
  /** By text, the least recently used first. */
  readonly #statements = new Map<string, Statement>()
  #lastName = 0

  constructor(pglite: PGlite, monotonicNow: () => number = () => performance.now()) {
    this.#pglite = pglite
    this.#monotonicNow = monotonicNow
  }

  /** Like `PGlite.query`. A failed query rejects with PostgreSQL's error. */
  async query<T>(text: string, params: Params = [], options: QueryOptions = {}): Promise<Results<T>> {
    if (text.length > MAX_TEXT_LENGTH) return this.#pglite.query<T>(text, [...params], options)
    try {
      return await this.#exclusively(() => this.#run<T>(text, params, options))
    } catch (err) {
      if (!MUST_PREPARE.has(codeOf(err)) || !this.#statements.delete(text)) throw err
      // Refused before it was executed.
      return this.#pglite.query<T>(text, [...params], options)
    }
  }

  /** Not within a transaction of another caller, and not at the same time as another query. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    await this.#pglite._checkReady()
    return this.#pglite._runExclusiveTransaction(() => this.#pglite.runExclusive(work))
  }

  async #run<T>(text: string, params: Params, options: QueryOptions): Promise<Results<T>> {
    const statement = this.#find(text) ?? (await this.#prepare(text, options))
    statement.uses += 1
    const values = params.map((param, i) => this.#serialize(param, statement.parameterTypes[i]))
    const messages = await this.#send(
      serialize.bind({ statement: statement.name, values }),
      serialize.execute(),
      serialize.sync(),
    )
    await this.#pglite.syncToFs()
    const { rowMode } = options
    const [result] = parse.parseResults(
      [...statement.rowDescription, ...messages],
      statement.parsers,
      rowMode && { rowMode },
    )
    // A query has one result.
    return result as Results<T>
  }

  #find(text: string): Statement | null {
    const statement = this.#statements.get(text)
    if (!statement) return null
    const age = this.#monotonicNow() - statement.preparedAt
    if (statement.uses >= MAX_USES || age > MAX_AGE_MS) return null
    this.#statements.delete(text)
    this.#statements.set(text, statement)
    return statement
  }

  async #prepare(text: string, options: QueryOptions): Promise<Statement> {
    const name = `s${++this.#lastName}`
    const messages = await this.#send(
      ...this.#closeOutdated(text),
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    )
    const statement: Statement = {
      name,
      parameterTypes: parse.parseDescribeStatementResults(messages),
      rowDescription: messages.filter((m) => m.name === 'rowDescription'),
      parsers: { ...this.#pglite.parsers, ...options.parsers },
      uses: 0,
      preparedAt: this.#monotonicNow(),
    }
    this.#statements.set(text, statement)
    return statement
  }

  /** Removes the earlier statement of this text, and the least recently used one when there are too many. */
  #closeOutdated(text: string): Uint8Array[] {
    const outdated = new Set([text])
    const [oldest] = this.#statements.keys()
    if (oldest !== undefined && this.#statements.size >= MAX_STATEMENTS) outdated.add(oldest)
    return [...outdated].flatMap((key) => {
      const statement = this.#statements.get(key)
      this.#statements.delete(key)
      return statement ? [serialize.close({ type: 'S', name: statement.name })] : []
    })
  }

  #send(...messages: Uint8Array[]) {
    return this.#pglite.execProtocolStream(Buffer.concat(messages), { syncToFs: false })
  }

  #serialize(param: unknown, type: number | undefined): string | null {
    if (param === null || param === undefined) return null
    const serializer = type === undefined ? undefined : this.#pglite.serializers[type]
    return serializer ? serializer(param) : String(param)
  }
}

function codeOf(err: unknown): string {
  return typeof err === 'object' && err !== null && 'code' in err ? String(err.code) : ''
}
