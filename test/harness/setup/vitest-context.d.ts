import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the Temporal server that the whole run shares. */
    temporalAddress: string
    /** Connection string of the superuser of a temporary PostgreSQL cluster; '' where PostgreSQL is not installed. */
    postgresUrl: string
  }
}
