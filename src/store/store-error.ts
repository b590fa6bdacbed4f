import { DrizzleQueryError } from 'drizzle-orm'
import { PgPreparedQuery } from 'drizzle-orm/pg-core'
import { truncateText } from '../shared/text.ts'

/** A statement with a thousand events has nine thousand `$n`. */
const MAX_STATEMENT_LENGTH = 200

/**
 * A statement failed. The message has the database's reason, but no values of the statement: it appears in logs, in
 * `inbox.last_error` and, from an activity, in Temporal's histories.
 */
export class StoreError extends Error {
  override name = 'StoreError'
  /** SQLSTATE, or Node's code for a failed connection; absent without either. */
  readonly code?: string

  /** The start of the statement, with `$1` in place of values. */
  readonly statement: string

  constructor(statement: string, cause: unknown) {
    const code = codeOf(cause)
    const message = cause instanceof Error ? cause.message : String(cause)
    // Node's AggregateError for a host name with two addresses has a code but no message.
    super(message || code)
    this.statement = truncateText(statement, MAX_STATEMENT_LENGTH)
    if (code) this.code = code
  }
}

/**
 * True for SQLSTATE classes that concern the row and not the database: data exception, integrity constraint, program limit.
 * The same statement will always be refused. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isRefusedData(err: unknown): err is StoreError {
  return err instanceof StoreError && /^(22|23|54)\w{3}$/.test(err.code ?? '')
}

/** The method that runs every prepared query of drizzle. It is not in drizzle's types. */
const PATCHED_METHOD = 'queryWithCache'

/**
 * Makes every failed query throw a StoreError. drizzle puts all values of a statement into the message of its error, and both
 * databases put values into the details of theirs. No setting prevents it, so the method that runs queries is wrapped.
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
