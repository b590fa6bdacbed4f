import { DrizzleQueryError } from 'drizzle-orm'
import { PgPreparedQuery } from 'drizzle-orm/pg-core'
import { truncateText } from '../shared/text.ts'

/** One statement takes a thousand events, and then has nine thousand `$n`. */
const MAX_STATEMENT_LENGTH = 200

/**
 * The database did not do a statement. Says why in the database's own words, and nothing of what was to be stored: the
 * message ends in logs, in `inbox.last_error` and, from an activity, in Temporal's histories.
 */
export class StoreError extends Error {
  override name = 'StoreError'
  /** SQLSTATE, or Node's code for a connection that failed; absent when neither was given. */
  readonly code?: string

  /** How it begins, with `$1` in place of values. */
  readonly statement: string

  constructor(statement: string, cause: unknown) {
    const code = codeOf(cause)
    const message = cause instanceof Error ? cause.message : String(cause)
    // Node's AggregateError, of a host name with two addresses, has a code and no message.
    super(message || code)
    this.statement = truncateText(statement, MAX_STATEMENT_LENGTH)
    if (code) this.code = code
  }
}

/**
 * SQLSTATE classes of what is wrong with a row and not with the database (data, integrity, limits of the program): the same
 * statement will always be refused. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isRefusedData(err: unknown): err is StoreError {
  return err instanceof StoreError && /^(22|23|54)\w{3}$/.test(err.code ?? '')
}

/** The one method through which drizzle runs each prepared query. Not in its types. */
const PATCHED_METHOD = 'queryWithCache'

/**
 * drizzle writes all values of a failed statement into its error's message, and both databases put values into the
 * details of theirs. There is no setting against it, so what runs each query is wrapped, for both stores.
 */
export function patchQueryErrors(): void {
  const prototype = PgPreparedQuery.prototype as unknown as Record<
    typeof PATCHED_METHOD,
    (...args: unknown[]) => Promise<unknown>
  >
  const original = prototype[PATCHED_METHOD]
  prototype[PATCHED_METHOD] = async function (this: unknown, ...args) {
    try {
      return await original.apply(this, args)
    } catch (err) {
      throw err instanceof DrizzleQueryError ? new StoreError(err.query, err.cause) : err
    }
  }
}

function codeOf(err: unknown): string | undefined {
  return typeof err === 'object' && err !== null && 'code' in err ? String(err.code) : undefined
}
