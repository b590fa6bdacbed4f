export function ensureTestTools(): void
/** The folder of PostgreSQL's server programs, or null. */
export function postgresBin(): string | null
