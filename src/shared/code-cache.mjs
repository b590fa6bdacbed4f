import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { closeCodeFolder } from './code-ownership.mjs'

/** Entries for other states of the code that a cache keeps: a running process may still need its own. */
const MAX_OTHERS = 5

/**
 * Why another user could put code into a cache folder, or null. Removes the write access of others where this user owns
 * the folder.
 * @param {string} folder
 * @returns {string | null}
 */
export function cacheFolderProblem(folder) {
  const existing = [dirname(folder), folder].filter((path) => existsSync(path))
  return existing.map((path) => closeCodeFolder(path)).find((problem) => problem !== null) ?? null
}

/**
 * Marks an entry as used now. `pruneCache` keeps the last used entries.
 * @param {string} entry
 */
export function markUsed(entry) {
  try {
    utimesSync(entry, new Date(), new Date())
  } catch {
    // Another user owns it.
  }
}

/**
 * Removes old entries of a cache folder: keeps the current one and the last used others.
 * @param {string} current path of an entry
 */
export function pruneCache(current) {
  const folder = dirname(current)
  const others = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path !== current)
    // Another process may have removed an entry meanwhile.
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedAt - a.usedAt)
  for (const { path } of others.slice(MAX_OTHERS)) rmSync(path, { recursive: true, force: true })
}
