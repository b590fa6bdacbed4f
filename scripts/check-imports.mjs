// Imports point one way: pure core ← workflows ← engine, activities ← intake, api, console ← app and cli. A room may
// import from those that stand before it, and from itself.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Room → the rooms that it may import from. Files directly in `src/` are rooms by their name. */
const MAY = {
  'src/campaign': ['src/wechat', 'src/text'],
  'src/tracing': ['src/log'],
  'src/wechat': ['src/tracing', 'src/text'],
  workflows: ['src/campaign', 'src/wechat', 'src/ids', 'src/text', 'activities'],
  'src/store': ['src/campaign', 'src/wechat', 'src/beijing', 'src/run-script', 'src/text'],
  'src/access': ['src/store', 'src/brief-cache', 'src/log', 'src/sparing-log', 'src/text'],
  'src/media': ['src/store', 'src/wechat', 'src/campaign', 'src/log'],
  activities: [
    'src/campaign',
    'src/wechat',
    'src/store',
    'src/media',
    'src/ids',
    'src/log',
    'src/beijing',
    'src/text',
  ],
  'src/engine': [
    'src/campaign',
    'src/wechat',
    'src/store',
    'src/ids',
    'src/log',
    'src/run-script',
    'src/text',
    'workflows',
    'activities',
    'src/config',
    'src/tracing',
  ],
  'src/intake': [
    'src/campaign',
    'src/wechat',
    'src/store',
    'src/engine',
    'src/media',
    'src/brief-cache',
    'src/ids',
    'src/log',
    'src/sparing-log',
    'src/text',
    'src/tracing',
  ],
  'src/jobs': ['src/campaign', 'src/wechat', 'src/store', 'src/engine', 'src/ids', 'src/log'],
  'src/simulator': [],
}
/** Rooms at the edge may import from everywhere but each other's insides. */
const EDGE = new Set([
  'src/api',
  'src/platform',
  'src/console',
  'src/app',
  'src/cli',
  'src/start',
  'src/serve',
  'src/worker',
])
/** The workflow may know the shapes of activities, only as types. */
const TYPES_ONLY = [['workflows', 'activities']]

const wrong = []
for (const folder of ['src', 'workflows', 'activities']) {
  for (const file of files(join(root, folder))) check(file)
}
for (const line of wrong) console.log(line)
console.log(
  wrong.length === 0 ? 'every import points the right way' : `${wrong.length} imports point the wrong way`,
)
process.exit(wrong.length === 0 ? 0 : 1)

function check(file) {
  const from = roomOf(file)
  if (EDGE.has(from) || !(from in MAY)) return
  for (const { target, typeOnly } of importsOf(file)) {
    const to = roomOf(target)
    if (to === from) continue
    const typesOnly = TYPES_ONLY.some(([a, b]) => a === from && b === to)
    if (MAY[from].includes(to) && (!typesOnly || typeOnly)) continue
    wrong.push(
      `${relative(root, file)}: ${from} must not import ${typesOnly ? 'more than types ' : ''}from ${to}`,
    )
  }
}

function importsOf(file) {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gms)].map(
    ([, type, path]) => ({
      target: resolve(dirname(file), path),
      typeOnly: Boolean(type),
    }),
  )
}

function roomOf(file) {
  const [top, second = ''] = relative(root, file).split('/')
  return top === 'src' ? `src/${second.replace(/\.tsx?$/, '')}` : top
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return files(path)
    return /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name) ? [path] : []
  })
}
