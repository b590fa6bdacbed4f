// Compiles the programs of src/ once for each state of the code. A compiled program starts faster than one that tsx compiles
// file by file. It also needs 80 MB less memory: no compiler, no compiler thread, no source maps of every library.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cacheFolderProblem, markUsed, pruneCache } from '../src/shared/code-cache.mjs'
import { codeFileProblem } from '../src/shared/code-ownership.mjs'
import { sourcesDigest } from '../src/shared/sources-digest.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const PROGRAMS = ['src/start.ts', 'src/serve.ts', 'src/worker.ts', 'src/cli/main.ts', 'src/simulator/main.ts']
/** Errors of a folder that this user cannot write, as in an image with files of root. The sources run instead. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC'])

/**
 * The path of the compiled program of a source file. Null when the file is not one of `PROGRAMS`, when the folder cannot be
 * written, or when another user could change the folder; the last reason is printed.
 * @param {string} file relative to the project's folder, such as `src/start.ts`
 * @param {string} folder the cache of compiled programs
 */
export async function compiledProgram(file, folder = join(root, 'dist', 'programs')) {
  if (!PROGRAMS.includes(file)) return null
  const made = join(folder, keyOf())
  const problem = cacheProblem(folder, made)
  if (problem) {
    process.stderr.write(
      `Compiled programs in ${folder} are not used: ${problem}. The sources run instead. Remove the folder, or make it this user's own with chmod go-w.\n`,
    )
    return null
  }
  if (!existsSync(made)) {
    try {
      await compileInto(made)
    } catch (err) {
      if (READ_ONLY.has(err.code)) return null
      throw err
    }
  }
  markUsed(made)
  return join(made, relative('src', file).replace(/\.ts$/, '.js'))
}

/** Closes this user's folder to others, and removes files that others could have changed. The reason why the folder cannot be used, or null. */
function cacheProblem(folder, made) {
  const problem = cacheFolderProblem(folder)
  if (problem) return problem
  if (!existsSync(made)) return null
  const parts = [made, ...readdirSync(made, { recursive: true }).map((name) => join(made, name))]
  const open = parts.map((path) => codeFileProblem(path)).find((problem) => problem !== null)
  if (!open) return null
  try {
    rmSync(made, { recursive: true, force: true })
    return null
  } catch {
    return open
  }
}

/** A digest of the code, of how it is compiled, and of its folder: compiled files contain file URLs. */
function keyOf() {
  const hash = createHash('sha256').update(`${sourcesDigest()}\0${root}\0`)
  for (const file of ['tsconfig.json', 'scripts/compiled-programs.mjs'])
    hash.update(readFileSync(join(root, file)))
  return hash.digest('hex').slice(0, 32)
}

async function compileInto(made) {
  const folder = dirname(made)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const part = mkdtempSync(join(folder, '.part-'))
  try {
    await compile(part)
    // As readable as the sources: an image is built by one user and run by another.
    for (const name of readdirSync(part, { recursive: true })) {
      const { mode } = statSync(join(part, name))
      chmodSync(join(part, name), mode & 0o755)
    }
    chmodSync(part, 0o755)
    renameSync(part, made)
  } catch (err) {
    // Another process was faster.
    if (!existsSync(made)) throw err
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  pruneCache(made)
}

async function compile(outdir) {
  // The esbuild of tsx, so that both ways to run the sources use the same compiler.
  const { build, stop } = createRequire(import.meta.resolve('tsx'))('esbuild')
  await build({
    absWorkingDir: root,
    entryPoints: PROGRAMS,
    outbase: 'src',
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    // V8 keeps the text of each module. Without white space it is smaller; names and line numbers come from the source maps.
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
    // The CommonJS libraries among them require Node's own modules.
    banner: {
      js: "import { createRequire as createRequireOfChunk } from 'node:module'; const require = createRequireOfChunk(import.meta.url);",
    },
    plugins: [sharedDigest, compiledLibraries, ownAddresses],
  })
  await stop()
}

/**
 * Libraries of plain JavaScript that are compiled into the programs. They have hundreds of files, and Node needs about half a
 * millisecond for each. The others stay as they are: they have native code, or find their own files, workers or types.
 */
const COMPILED_LIBRARIES = [
  '@hono/node-server',
  '@hono/zod-openapi',
  'cockatiel',
  'dotenv',
  'drizzle-orm',
  'fast-xml-parser',
  'hono',
  'ipaddr.js',
  'liquidjs',
  'otpauth',
  'p-map',
  'prom-client',
  'proxy-addr',
  'qr',
  'undici',
  'yaml',
  'zod',
]
/** What compiled libraries import, but is not compiled. */
const NOT_COMPILED = ['@electric-sql/pglite', '@opentelemetry/api', 'pg']

const compiledLibraries = {
  name: 'compiled libraries',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
      if (kind === 'entry-point' || isAbsolute(path)) return undefined
      const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/')
      const fromLibrary = importer.split(sep).includes('node_modules')
      const isCompiled = COMPILED_LIBRARIES.includes(name) || (fromLibrary && !NOT_COMPILED.includes(name))
      return isCompiled && !isBuiltin(path) ? undefined : { path, external: true }
    })
  },
}

/** Compiled programs import the module that is loaded already, so the digest of the sources is computed once per start. */
const sharedDigest = {
  name: 'shared digest',
  setup(build) {
    build.onResolve({ filter: /\/sources-digest\.mjs$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }))
  },
}

/** Keeps `import.meta.url` of each source, so that a compiled file finds the files beside its source. */
const ownAddresses = {
  name: 'own addresses',
  setup(build) {
    build.onLoad({ filter: /\.(tsx?|mjs)$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      if (!source.includes('import.meta.url')) return undefined
      const contents = source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' }
    })
  },
}
