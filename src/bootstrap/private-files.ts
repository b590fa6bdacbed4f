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

/** Read, write and search for everybody but the owner, and the bits that change who runs a program. */
const OTHERS_ACCESS = 0o077
const OPEN_BITS = 0o7000 | OTHERS_ACCESS
const STICKY = 0o1000
/** What the program makes in the data folder. `verify/` is the operator's, and public by its nature. */
const OWN_FILES = [
  'lock',
  'admin-token',
  'encryption-key',
  'engine-owner',
  'simulator.json',
  'simulator.json.new',
  'store',
  'engine',
]

/**
 * Takes the data folder from other users of the machine: 0700 for folders, 0600 for files. What an earlier version left is
 * closed, and what a part made with a mode of its own (PGlite's first files are 0666 by its archive). A folder that others
 * work in too keeps its mode (somebody else's, the home or working folder, one like /tmp); what is ours in it is closed.
 * Folders that are not ours are left as they are. Symbolic links are not followed.
 * @returns what stays open and what to do, a sentence for each; a file system without modes is no error
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
  // What is closed above is closed below, whoever owns it.
  if (!problem || (lstatSync(folder).mode & OTHERS_ACCESS) === 0) return []
  const messages = [
    `The data folder ${dataDir} is open to other users of this machine, and is left so: ${problem}. It holds keys, and followers' ids and texts. Use a folder of this user's own (DATA_DIR), or close it: chmod 700.`,
  ]
  if (openPaths.length > 0) {
    messages.push(
      `Other users of this machine can read or change ${openPaths.length} files in the data folder, such as ${openPaths[0]}. Their owner can close them with chmod go=.`,
    )
  }
  return messages
}

/** Why a folder is not for this program alone; null when it is. */
function whyShared(folder: string, ownUid: number): string | null {
  const { uid, mode } = lstatSync(folder)
  if (uid !== ownUid) return `it belongs to the user ${uid}, not to ${ownUid}`
  if (mode & STICKY) return 'it is made for several users'
  if (folder === safeHome()) return 'it is the home folder'
  for (let parent = process.cwd(); ; parent = dirname(parent)) {
    if (parent === folder) return 'other things stand in it'
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

/** Folders first, so that nobody else changes what stands below while it is read. */
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

/** @returns false when it stays open: it is somebody else's, or its file system has no modes */
function closeToOthers(path: string): boolean {
  let fd: number | null = null
  try {
    // By its handle: a name could lead elsewhere by now.
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
