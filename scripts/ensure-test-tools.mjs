// The programs that some test tiers need: Chromium for the pages, PostgreSQL for the store, Prometheus for
// rules and dashboards. On Debian, as root, they are
// installed; elsewhere the tier that lacks one is skipped and says so.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const NEEDS = [
  {
    name: 'Chromium',
    packages: ['chromium', 'fonts-noto-cjk'],
    there: () => onPath('chromium') || onPath('google-chrome'),
  },
  { name: 'Prometheus', packages: ['prometheus'], there: () => onPath('prometheus') && onPath('promtool') },
  { name: 'PostgreSQL 15', packages: ['postgresql-15'], there: () => postgresBin() !== null },
]
/** Another apt-get may be at work: a machine that has just started installs its updates. */
const APT = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
const LAST_LINES = 15

/** Its own output goes to a file, which is named; the screen gets a line, and the end of that file when it fails. */
export function ensureTestTools() {
  const missing = NEEDS.filter((n) => !n.there())
  if (missing.length === 0) return
  const names = missing.map((n) => n.name).join(', ')
  const packages = missing.flatMap((n) => n.packages)
  if (!onPath('apt-get') || process.getuid?.() !== 0) {
    say(`tests: ${names} not found; what needs them is skipped (install: ${packages.join(' ')})`)
    return
  }
  const logFile = join(logFolder(), 'apt-get.log')
  say(`tests: installing ${names} with apt-get (once: ${packages.join(' ')}); its output is in ${logFile}`)
  const log = openSync(logFile, 'w', 0o600)
  // dpkg and debconf ask nobody, and use no terminal.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', TERM: 'dumb' }
  const apt = (...args) =>
    spawnSync('apt-get', [...APT, ...args], { env, stdio: ['ignore', log, log] }).status === 0
  const installed = apt('update') && apt('install', '--no-install-recommends', ...packages)
  closeSync(log)
  if (installed) return
  say(`tests: apt-get could not install ${names}; what needs them is skipped. The end of ${logFile}:`)
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n')
  for (const line of lines.slice(-LAST_LINES)) say(`  ${line}`)
}

/** Of the cache, as src/temporal/local-server/find-server.ts finds it; of temporary files where it cannot be made. */
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

/** The folder of PostgreSQL's server programs, or null. */
export function postgresBin() {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(a) - Number(b)) : []
  const version = versions.find((v) => existsSync(`${root}/${v}/bin/initdb`))
  return version ? `${root}/${version}/bin` : null
}

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`))
}

function say(line) {
  process.stderr.write(`${line}\n`)
}
