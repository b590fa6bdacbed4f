// Installs the locked dependencies when they are missing or stale. It imports Node's own modules only, since nothing may be installed yet.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const stamp = join(modules, '.follower-nurture-lock')

/** Runs `npm ci` unless it has run for this package-lock.json. Ends the process when Node is too old, or npm fails. */
export function ensureDeps() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`)
  }
  if (readStamp() === lockMark()) return
  // npm would empty the linked folder, which others may use.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      `node_modules is a link to ${readlinkSync(modules)}, which does not hold the versions of package-lock.json. Remove the link, or update its target.`,
    )
  }
  process.stderr.write('dependencies: installing the versions of package-lock.json (once)…\n')
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...npmCache()], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (done.status !== 0)
    fail('npm ci failed; its message is above. Check that the package registry is reachable.')
  markDepsInstalled()
}

/** npm fails where it cannot write its cache. It then gets one in the product's cache folder, as in src/temporal/local-server/tool-folders.ts. */
function npmCache() {
  const { FOLLOWER_NURTURE_CACHE } = process.env
  try {
    accessSync(homedir(), constants.W_OK)
    return []
  } catch {
    return FOLLOWER_NURTURE_CACHE ? ['--cache', join(FOLLOWER_NURTURE_CACHE, 'tools', 'npm')] : []
  }
}

/** Records that the versions of the lock file are installed. Nothing is installed again until the lock file changes. */
export function markDepsInstalled() {
  writeFileSync(stamp, lockMark())
}

function lockMark() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function readStamp() {
  try {
    return readFileSync(stamp, 'utf8')
  } catch {
    return ''
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
