import * as schema from './schema.ts'

/** Called with the text of each statement before it runs. */
export type OnStatement = (statement: string) => void

/** The options of a drizzle database with this schema. */
export function drizzleConfig(onStatement?: OnStatement) {
  return { schema, ...(onStatement ? { logger: { logQuery: onStatement } } : {}) }
}
