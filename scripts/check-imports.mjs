// Imports point one way: pure core ← workflows ← temporal, activities ← callback, dispatch, api, console ← bootstrap and cli. A room may
// import from those that stand before it, and from itself.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Room → the rooms that it may import from. Files directly in `src/` are rooms by their name. */
const MAY = {
  'src/shared': [],
  'src/run': ['src/campaign', 'src/wechat', 'src/shared'],
  'src/campaign': ['src/run', 'src/wechat', 'src/shared'],
  'src/tracing': ['src/shared'],
  'src/wechat': ['src/tracing', 'src/shared'],
  workflows: ['src/run', 'src/campaign', 'src/wechat', 'activities', 'src/shared'],
  'src/store': ['src/run', 'src/campaign', 'src/wechat', 'src/shared'],
  'src/auth': ['src/store', 'src/shared'],
  'src/media': ['src/store', 'src/wechat', 'src/campaign', 'src/shared'],
  activities: ['src/run', 'src/campaign', 'src/wechat', 'src/store', 'src/media', 'src/shared'],
  'src/temporal': [
    'src/run',
    'src/campaign',
    'src/wechat',
    'src/store',
    'workflows',
    'activities',
    'src/config',
    'src/tracing',
    'src/shared',
  ],
  'src/callback': [
    'src/run',
    'src/campaign',
    'src/wechat',
    'src/store',
    'src/temporal',
    'src/media',
    'src/tracing',
    'src/dispatch',
    'src/shared',
  ],
  'src/dispatch': [
    'src/run',
    'src/campaign',
    'src/wechat',
    'src/store',
    'src/temporal',
    'src/media',
    'src/tracing',
    'src/callback',
    'src/shared',
  ],
  'src/jobs': ['src/run', 'src/campaign', 'src/wechat', 'src/store', 'src/temporal', 'src/shared'],
  'src/simulator': [],
}
/** Rooms at the edge may import from everywhere but each other's insides. */
const EDGE = new Set([
  'src/api',
  'src/platform',
  'src/console',
  'src/bootstrap',
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
