import { chmodSync, lstatSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))
const OTHERS_WRITE = 0o022
const GROUP_WRITES = 0o020
const STICKY = 0o1000

/**
 * Why code in a folder could be another user's, or null. Write access of others is taken away where the folder is ours;
 * one like /tmp keeps it, since there nobody can replace what is not his own. A file system without owners or modes is
 * no trouble. Trusted are this user, root, and who owns the project, since the code is that person's anyway.
 * @param {string} folder
 * @returns {string | null}
 */
export function closeCodeFolder(folder) {
  return close(folder)
}

/**
 * The same of one file that is going to be run. What the group of this user alone could write is closed and trusted: many
 * systems give each user a group of its own and the umask 002.
 * @param {string} file
 * @returns {string | null} also where others could have written to it until now: it must be made anew
 */
export function codeFileProblem(file) {
  if (!process.getuid) return null
  const stranger = ownerTrouble(file)
  if (stranger) return stranger
  const { mode, gid } = statSync(file)
  const isOfOwnGroup = (mode & OTHERS_WRITE) === GROUP_WRITES && gid === process.getgid()
  if (isOfOwnGroup) return close(file)
  return mode & OTHERS_WRITE ? 'other users could write to it' : null
}

function close(path) {
  if (!process.getuid) return null
  const stranger = ownerTrouble(path)
  if (stranger) return stranger
  const { mode } = statSync(path)
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return null
  try {
    chmodSync(path, mode & 0o7777 & ~OTHERS_WRITE)
    return null
  } catch {
    return 'other users can write to it'
  }
}

function ownerTrouble(path) {
  const trusted = [process.getuid(), 0, statSync(project).uid]
  const owner = [lstatSync(path).uid, statSync(path).uid].find((uid) => !trusted.includes(uid))
  return owner === undefined ? null : `it belongs to the user ${owner}`
}
