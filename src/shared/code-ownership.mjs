import { chmodSync, lstatSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))
const OTHERS_WRITE = 0o022
const GROUP_WRITES = 0o020
const STICKY = 0o1000

/**
 * Why another user could have put code into a folder, or null. Removes the write access of others where this user owns the
 * folder. A sticky folder like /tmp keeps it: there nobody can replace files of others. File systems without owners or
 * modes pass. Trusted owners are this user, root, and the owner of the project.
 * @param {string} folder
 * @returns {string | null}
 */
export function closeCodeFolder(folder) {
  return close(folder)
}

/**
 * Why another user could have changed a program file, or null. Write access of this user's own group is removed, and the
 * file trusted: many systems give each user a group and the umask 002.
 * @param {string} file
 * @returns {string | null} not null also where others could write until now: the file must be created again
 */
export function codeFileProblem(file) {
  if (!process.getuid) return null
  const problem = ownerProblem(file)
  if (problem) return problem
  const { mode, gid } = statSync(file)
  const isOfOwnGroup = (mode & OTHERS_WRITE) === GROUP_WRITES && gid === process.getgid()
  if (isOfOwnGroup) return close(file)
  return mode & OTHERS_WRITE ? 'other users could write to it' : null
}

function close(path) {
  if (!process.getuid) return null
  const problem = ownerProblem(path)
  if (problem) return problem
  const { mode } = statSync(path)
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return null
  try {
    chmodSync(path, mode & 0o7777 & ~OTHERS_WRITE)
    return null
  } catch {
    return 'other users can write to it'
  }
}

function ownerProblem(path) {
  const trusted = [process.getuid(), 0, statSync(project).uid]
  const owner = [lstatSync(path).uid, statSync(path).uid].find((uid) => !trusted.includes(uid))
  return owner === undefined ? null : `it belongs to the user ${owner}`
}
