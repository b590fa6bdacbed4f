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
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolderProblem, markUsed, pruneCache } from '../shared/code-cache.mjs'
import { codeFileProblem } from '../shared/code-ownership.mjs'
import { sourcesDigest } from '../shared/sources-digest.mjs'

/** Errors of a folder that this user cannot write, as in an image with files of root. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC'])

/** Scripts by file name. */
export type Scripts = ReadonlyMap<string, string>

interface Sources {
  /** URL of the folder of the sources, which has a `tsconfig.json`. */
  folder: URL
  /** File names. Each becomes one script with its libraries, `NAME.js`. */
  entries: readonly string[]
  /** The folder that keeps the scripts, in `dist/`. */
  cache: string
}

/**
 * Scripts for browsers, by file name. They are bundled at the first request, once for each state of the code, and kept in
 * `dist/`; in a folder that cannot be written, once for each process.
 */
export function createBrowserScripts(sources: Sources): () => Promise<Scripts> {
  let loaded: Promise<Scripts> | undefined
  return () => {
    loaded ??= load(sources).catch((err) => {
      loaded = undefined
      throw err
    })
    return loaded
  }
}

async function load(sources: Sources): Promise<Scripts> {
  const folder = fileURLToPath(new URL(`../../dist/${sources.cache}`, import.meta.url))
  const made = join(folder, sourcesDigest().slice(0, 32))
  const kept = readKept(folder, made)
  if (kept) return kept
  const scripts = await bundle(sources)
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
async function bundle({ folder, entries }: Sources): Promise<Scripts> {
  const sources = fileURLToPath(folder)
  const require = createRequire(import.meta.url)
  // The esbuild of tsx, as for the programs.
  const { build, stop } = createRequire(require.resolve('tsx'))('esbuild') as Esbuild
  try {
    const { outputFiles } = await build({
      entryPoints: entries.map((name) => join(sources, name)),
      outdir: sources,
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      target: ['chrome100', 'safari15.4'],
      legalComments: 'none',
      charset: 'utf8',
      logLevel: 'error',
      tsconfig: join(sources, 'tsconfig.json'),
    })
    return new Map(outputFiles.map(({ path, text }) => [basename(path), text]))
  } finally {
    await stop()
  }
}

interface Esbuild {
  build(options: Record<string, unknown>): Promise<{ outputFiles: { path: string; text: string }[] }>
  stop(): Promise<void>
}
