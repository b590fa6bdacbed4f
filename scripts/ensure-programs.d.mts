export function ensurePrograms(): void
/** The folder of PostgreSQL's server programs, or null. */
export function postgresBin(): string | null
