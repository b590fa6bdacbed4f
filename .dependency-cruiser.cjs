// Which folder may import which. Deny by default: an import that no line here allows fails `npm run imports`.
// Folders stand in the order of their layers: a folder imports from lines above its own.

/** Pure: no clock, no I/O, no Node. The workflow bundle is made of these. */
const PURE = ['src/run', 'src/campaign', 'src/wechat/rules', 'workflows']

const LAYERS = {
  'src/shared': [],
  // How pages look: colours, styles, drawings of chats and charts, scripts for browsers. It knows no rule of WeChat.
  'src/ui': ['src/shared'],
  'src/tracing': ['src/shared'],
  'src/wechat/rules': ['src/shared'],
  'src/wechat/callback': ['src/wechat/rules', 'src/shared'],
  'src/wechat/api': ['src/wechat/rules', 'src/tracing', 'src/shared'],
  'src/run': ['src/wechat/rules', 'src/shared'],
  'src/campaign': ['src/run', 'src/wechat/rules', 'src/wechat/callback', 'src/shared'],
  'src/store': ['src/campaign', 'src/run', 'src/wechat', 'src/shared'],
  'src/media': ['src/store', 'src/wechat', 'src/shared'],
  'src/tagging': ['src/store', 'src/wechat', 'src/shared'],
  'src/webhooks': ['src/store', 'src/wechat', 'src/shared'],
  'src/auth': ['src/store', 'src/shared'],
  'src/config': ['src/auth', 'src/tracing', 'src/shared'],
  activities: [
    'src/media',
    'src/tagging',
    'src/store',
    'src/campaign',
    'src/run',
    'src/wechat',
    'src/shared',
  ],
  workflows: ['src/run', 'src/wechat/rules', 'src/shared'],
  'src/temporal': [
    'workflows',
    'src/store',
    'src/run',
    'src/wechat',
    'src/tracing',
    'src/config',
    'src/shared',
  ],
  'src/dispatch': ['src/temporal', 'src/store', 'src/run', 'src/wechat/rules', 'src/tracing', 'src/shared'],
  'src/dry-run': ['src/dispatch', 'src/store', 'src/campaign', 'src/run', 'src/wechat/rules', 'src/shared'],
  'src/callback': [
    'src/dispatch',
    'src/media',
    'src/temporal',
    'src/store',
    'src/campaign',
    'src/run',
    'src/wechat',
    'src/tracing',
    'src/shared',
  ],
  'src/jobs': ['src/temporal', 'src/store', 'src/run', 'src/wechat', 'src/shared'],
  'src/platform': [
    'src/callback',
    'src/jobs',
    'src/auth',
    'src/store',
    'src/wechat',
    'src/config',
    'src/shared',
  ],
  'src/api': [
    'src/callback',
    'src/dry-run',
    'src/dispatch',
    'src/tagging',
    'src/webhooks',
    'src/temporal',
    'src/auth',
    'src/store',
    'src/campaign',
    'src/run',
    'src/wechat',
    'src/config',
    'src/shared',
  ],
  'src/console': [
    'src/api',
    'src/auth',
    'src/store',
    'src/campaign',
    'src/wechat/rules',
    'src/ui',
    'src/shared',
  ],
  // A witness of its own: only drawings are shared with the product.
  'src/simulator': ['src/ui'],
  'src/bootstrap': ['src/(?!cli|bootstrap|start|serve|worker)', 'activities'],
  'src/cli': ['src/(?!console|simulator|start|serve|worker)'],
  'src/(start|serve|worker)\\.ts': ['src/'],
  scripts: ['src/'],
  bench: ['src/', 'scripts', 'test', 'workflows', 'activities'],
  test: ['src/', 'scripts', 'workflows', 'activities', 'bench'],
}
/** Imports of types alone, erased before anything runs. */
const TYPES_ONLY = { workflows: ['activities'], 'src/temporal': ['activities'] }

const within = (folder) => (folder.endsWith('\\.ts') ? `^${folder}$` : `^${folder}(/|$)`)
const anyOf = (folders) =>
  folders.map((folder) => (folder.endsWith('/') || folder.includes('(?!') ? `^${folder}` : within(folder)))
const TESTS = '\\.test\\.tsx?$'

module.exports = {
  allowed: [
    ...Object.entries(LAYERS).map(([from, to]) => ({
      from: { path: within(from), pathNot: TESTS },
      to: { path: [within(from), ...anyOf(to)], pathNot: TESTS },
    })),
    ...Object.entries(TYPES_ONLY).map(([from, to]) => ({
      from: { path: within(from) },
      to: { path: anyOf(to), dependencyTypes: ['type-only'] },
    })),
    { from: { path: TESTS }, to: {} },
    { from: {}, to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'] } },
    { from: {}, to: { path: '^(package\\.json|temporal-docker/)' } },
  ],
  allowedSeverity: 'error',
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-core',
      comment: 'The pure core and the workflows do no I/O.',
      severity: 'error',
      from: { path: PURE.map(within), pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'peers-apart',
      comment: 'The designs that the bench compares the product with are used by the bench alone.',
      severity: 'error',
      from: {
        path: '^',
        pathNot: ['^bench/peers/', '^bench/(index|benches)\\.ts$', '^bench/report/', TESTS],
      },
      to: { path: '^bench/peers/' },
    },
    {
      name: 'no-development-dependency',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: [TESTS, '^src/simulator/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|src/store/migrations|test/interop/sdks|bench/peers/libraries)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json', '.d.ts', '.d.mts'],
    },
  },
}
