import {
  closeSync,
  constants,
  type Dirent,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** All permissions of group and others. */
const OTHERS_ACCESS = 0o077
/** Includes set-user-id, set-group-id and sticky. */
const OPEN_BITS = 0o7000 | OTHERS_ACCESS
const STICKY = 0o1000
/** What the program creates in the data folder. `verify/` belongs to the operator and is public. */
const OWN_FILES = [
  'lock',
  'admin-token',
  'encryption-key',
  'temporal-owner',
  'simulator.json',
  'simulator.json.new',
  'simulator.json.unreadable',
  'store',
  'temporal',
]

/**
 * Removes the access of other users to the data folder: 0700 for folders, 0600 for files. Some files are created with wider
 * modes (PGlite's archive has files of mode 0666). A shared folder keeps its mode: one of another user, the home or working
 * folder, or one like /tmp. The program's own files in it are closed all the same; other folders are not changed. Symbolic
 * links are not followed.
 * @returns a sentence for each thing that stays open, with what to do; none on a file system without modes
 */
export function makePrivate(dataDir: string): string[] {
  const ownUid = process.getuid?.()
  if (ownUid === undefined) return []
  const folder = realpathSync(dataDir)
  const openPaths: string[] = []
  const problem =
    whyShared(folder, ownUid) ?? (closeToOthers(folder) ? null : 'its file system keeps it open')
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (OWN_FILES.includes(entry.name)) closeTree(path, openPaths)
    else if (!problem && entry.isFile()) closeToOthers(path)
  }
  // A closed folder protects everything in it, whoever owns the files.
  if (!problem || (lstatSync(folder).mode & OTHERS_ACCESS) === 0) return []
  const messages = [
    `The data folder ${dataDir} is open to other users of this machine, and its mode was not changed: ${problem}. It contains keys, and ids and texts of followers. Use a folder of this user (DATA_DIR), or close it with chmod 700.`,
  ]
  if (openPaths.length > 0) {
    messages.push(
      `Other users of this machine can read or change ${openPaths.length} files in the data folder, such as ${openPaths[0]}. Their owner can close them with chmod go=.`,
    )
  }
  return messages
}

/** Why a folder is shared with others; null when only this program uses it. */
function whyShared(folder: string, ownUid: number): string | null {
  const { uid, mode } = lstatSync(folder)
  if (uid !== ownUid) return `it belongs to the user ${uid}, not to ${ownUid}`
  if (mode & STICKY) return 'it is a shared folder'
  if (folder === safeHome()) return 'it is the home folder'
  for (let parent = process.cwd(); ; parent = dirname(parent)) {
    if (parent === folder) return 'it contains other files'
    if (parent === dirname(parent)) return null
  }
}

function safeHome(): string | null {
  try {
    return realpathSync(homedir())
  } catch {
    return null
  }
}

/** Closes a folder before its contents, so that nobody else changes them meanwhile. */
function closeTree(path: string, openPaths: string[]): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat || (!stat.isDirectory() && !stat.isFile())) return
  if ((stat.mode & OPEN_BITS) !== 0 && !closeToOthers(path)) openPaths.push(path)
  if (!stat.isDirectory()) return
  for (const entry of entriesOf(path)) closeTree(join(path, entry.name), openPaths)
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** @returns false when it stays open: another user owns it, or the file system has no modes */
function closeToOthers(path: string): boolean {
  let fd: number | null = null
  try {
    // By its handle, because the path could lead to another file by now.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const { mode, uid } = fstatSync(fd)
    if ((mode & OPEN_BITS) === 0) return true
    if (uid !== process.getuid?.()) return false
    fchmodSync(fd, mode & 0o700)
    return (fstatSync(fd).mode & OPEN_BITS) === 0
  } catch {
    return false
  } finally {
    if (fd !== null) closeSync(fd)
  }
}
