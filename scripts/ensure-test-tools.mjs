// The programs that some test tiers need: Chromium for the pages, PostgreSQL for the store, Prometheus for rules and
// dashboards. On Debian, root installs them. Elsewhere the tests that lack one are skipped with a message.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const NEEDS = [
  {
    name: 'Chromium',
    packages: ['chromium', 'fonts-noto-cjk'],
    isInstalled: () => onPath('chromium') || onPath('google-chrome'),
  },
  {
    name: 'Prometheus',
    packages: ['prometheus'],
    isInstalled: () => onPath('prometheus') && onPath('promtool'),
  },
  { name: 'PostgreSQL 15', packages: ['postgresql-15'], isInstalled: () => postgresBin() !== null },
]
/** Waits for another apt-get: a machine that has just started installs its updates. */
const APT = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
const LAST_LINES = 15

/** Installs what the test tiers need and this machine lacks. */
export function ensureTestTools() {
  ensurePrograms(NEEDS, { user: 'tests', skipped: 'tests that need them' })
}

/**
 * Installs missing programs. The output of apt-get goes to a log file. The terminal gets one line with its name, and its
 * last lines when apt-get fails.
 * @param {readonly { name: string, packages: string[], isInstalled: () => boolean }[]} needs
 * @param {{ user: string, skipped: string }} texts who needs them, and what is skipped without them
 */
export function ensurePrograms(needs, { user, skipped }) {
  const missing = needs.filter((n) => !n.isInstalled())
  if (missing.length === 0) return
  const names = missing.map((n) => n.name).join(', ')
  const packages = missing.flatMap((n) => n.packages)
  if (!onPath('apt-get') || process.getuid?.() !== 0) {
    print(`${user}: ${names} not found; ${skipped} are skipped (install: ${packages.join(' ')})`)
    return
  }
  const logFile = join(logFolder(), 'apt-get.log')
  print(
    `${user}: installing ${names} with apt-get (once: ${packages.join(' ')}); its output is in ${logFile}`,
  )
  const log = openSync(logFile, 'w', 0o600)
  // Without a terminal, dpkg and debconf ask no questions. In run level 1, invoke-rc.d starts no service.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', TERM: 'dumb', RUNLEVEL: '1' }
  const apt = (...args) =>
    spawnSync('apt-get', [...APT, ...args], { env, stdio: ['ignore', log, log] }).status === 0
  const installed = apt('update') && apt('install', '--no-install-recommends', ...packages)
  closeSync(log)
  if (installed) return
  print(`${user}: apt-get could not install ${names}; ${skipped} are skipped. The end of ${logFile}:`)
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n')
  for (const line of lines.slice(-LAST_LINES)) print(`  ${line}`)
}

/** The cache folder of src/temporal/local-server/find-server.ts; the folder of temporary files where that cannot be created. */
function logFolder() {
  const { FOLLOWER_NURTURE_CACHE, XDG_CACHE_HOME } = process.env
  const folder =
    FOLLOWER_NURTURE_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'follower-nurture')
  try {
    mkdirSync(folder, { recursive: true })
    return folder
  } catch {
    return tmpdir()
  }
}

/** The folder of PostgreSQL's server programs; null when PostgreSQL is not installed. */
export function postgresBin() {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(a) - Number(b)) : []
  const version = versions.find((v) => existsSync(`${root}/${v}/bin/initdb`))
  return version ? `${root}/${version}/bin` : null
}

/** Whether a folder of PATH has this program. */
export function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`))
}

function print(line) {
  process.stderr.write(`${line}\n`)
}
