/** Why another user could put code into a cache folder, or null. Removes the write access of others where this user owns it. */
export function cacheFolderProblem(folder: string): string | null
/** Marks an entry as used now. */
export function markUsed(entry: string): void
/** Removes old entries of a cache folder: keeps the current one, given by its path, and the last used others. */
export function pruneCache(current: string): void
