/** Installs what the test tiers need and this machine lacks. What cannot be installed is printed, and is no error. */
export function ensureTestTools(): void
/**
 * Installs missing programs with apt-get, where this user may.
 * @param texts who needs them, and what is skipped without them
 */
export function ensurePrograms(
  needs: readonly { name: string; packages: readonly string[]; isInstalled(): boolean }[],
  texts: { user: string; skipped: string },
): void
/** The folder of PostgreSQL's server programs, or null. */
export function postgresBin(): string | null
/** Whether a folder of PATH has this program. */
export function onPath(program: string): boolean
