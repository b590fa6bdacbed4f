// The programs that some test tiers need: Chromium for the pages, PostgreSQL for the store, Prometheus for
// rules and dashboards. On Debian, as root, they are
// installed; elsewhere the tier that lacks one is skipped and says so.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const NEEDS = [
  {
    name: 'Chromium',
    packages: ['chromium', 'fonts-noto-cjk'],
    there: () => onPath('chromium') || onPath('google-chrome'),
  },
  { name: 'Prometheus', packages: ['prometheus'], there: () => onPath('prometheus') && onPath('promtool') },
  { name: 'PostgreSQL 15', packages: ['postgresql-15'], there: () => postgresBin() !== null },
]

export function ensurePrograms() {
  const missing = NEEDS.filter((n) => !n.there())
  if (missing.length === 0) return
  const names = missing.map((n) => n.name).join(', ')
  if (!onPath('apt-get') || process.getuid?.() !== 0) {
    say(
      `tests: ${names} not found; what needs them is skipped (install: ${missing.flatMap((n) => n.packages).join(' ')})`,
    )
    return
  }
  say(`tests: installing ${names} with apt-get (once)…`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) =>
    spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  const packages = missing.flatMap((n) => n.packages)
  if (!apt('update', '-qq') || !apt('install', '-y', '-qq', '--no-install-recommends', ...packages)) {
    say(`tests: apt-get could not install ${names}; what needs them is skipped`)
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
