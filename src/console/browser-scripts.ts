import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolderProblem, markUsed, pruneCache } from '../shared/code-cache.mjs'
import { codeFileProblem } from '../shared/code-ownership.mjs'
import { sourcesDigest } from '../shared/sources-digest.mjs'

/** Each becomes one script for browsers, with its libraries: `browser/NAME.ts`. */
export const BROWSER_SCRIPTS = ['console', 'accounts', 'editor', 'yaml-editor', 'live', 'followers'] as const
const sources = fileURLToPath(new URL('./browser', import.meta.url))
const cache = fileURLToPath(new URL('../../dist/browser', import.meta.url))
/** Errors of a folder that this user cannot write, as in an image with files of root. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC'])

type Scripts = ReadonlyMap<string, string>
let loaded: Promise<Scripts> | undefined

/**
 * The scripts of the console's pages by file name. They are bundled once for each state of the code, and kept in
 * `dist/browser`; in a folder that cannot be written, once for each process.
 */
export function browserScripts(): Promise<Scripts> {
  loaded ??= load(cache).catch((err) => {
    loaded = undefined
    throw err
  })
  return loaded
}

async function load(folder: string): Promise<Scripts> {
  const made = join(folder, sourcesDigest().slice(0, 32))
  const kept = readKept(folder, made)
  if (kept) return kept
  const scripts = await bundle()
  keep(made, scripts)
  return scripts
}

function readKept(folder: string, made: string): Scripts | null {
  if (cacheFolderProblem(folder) !== null || !existsSync(made)) return null
  const names = readdirSync(made)
  // A file that other users could have changed is bundled again.
  if ([made, ...names.map((name) => join(made, name))].some((path) => codeFileProblem(path) !== null))
    return null
  markUsed(made)
  return new Map(names.map((name) => [name, readFileSync(join(made, name), 'utf8')]))
}

function keep(made: string, scripts: Scripts): void {
  const folder = dirname(made)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    if (cacheFolderProblem(folder) !== null) return
    const part = mkdtempSync(join(folder, '.part-'))
    for (const [name, code] of scripts) writeFileSync(join(part, name), code, { mode: 0o644 })
    // Another process may have been faster, or have left files that were not trusted.
    rmSync(made, { recursive: true, force: true })
    renameSync(part, made)
    pruneCache(made)
  } catch (err) {
    if (!READ_ONLY.has((err as NodeJS.ErrnoException).code ?? '') && !existsSync(made)) throw err
  }
}

/** Written for Chromium 100 and Safari 15.4: the browsers of older phones in China. */
async function bundle(): Promise<Scripts> {
  const require = createRequire(import.meta.url)
  // The esbuild of tsx, as for the programs.
  const { build, stop } = createRequire(require.resolve('tsx'))('esbuild') as Esbuild
  try {
    const { outputFiles } = await build({
      entryPoints: BROWSER_SCRIPTS.map((name) => join(sources, `${name}.ts`)),
      outdir: sources,
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      target: ['chrome100', 'safari15.4'],
      legalComments: 'none',
      logLevel: 'error',
      tsconfig: join(sources, 'tsconfig.json'),
    })
    return new Map(outputFiles.map(({ path, text }) => [path.slice(sources.length + 1), text]))
  } finally {
    await stop()
  }
}

interface Esbuild {
  build(options: Record<string, unknown>): Promise<{ outputFiles: { path: string; text: string }[] }>
  stop(): Promise<void>
}
