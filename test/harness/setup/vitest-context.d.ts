import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the real engine that the whole run shares. */
    temporalAddress: string
    /** Connection string of a throwaway PostgreSQL cluster's superuser; '' where there is none. */
    postgresUrl: string
  }
}
