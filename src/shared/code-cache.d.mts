/** Why another user could put code into a cache folder, or null; write access of others is taken away where it is ours. */
export function cacheFolderProblem(folder: string): string | null
/** Says that an entry was used now: the latest used ones are kept. */
export function markUsed(entry: string): void
/** Removes all entries of a cache folder but the current one, given by its path, and the latest used others. */
export function pruneCache(current: string): void
