import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolderProblem, markUsed, pruneCache } from '../../shared/code-cache.mjs'
import { codeFileProblem } from '../../shared/code-ownership.mjs'
import { runScript } from '../../shared/run-script.ts'
import { sourcesDigest } from '../../shared/sources-digest.mjs'
import { cacheFolder } from '../local-server/find-server.ts'

const bundler = fileURLToPath(new URL('./bundle-workflows.mjs', import.meta.url))
const workflowsPath = fileURLToPath(new URL('../../../workflows/index.ts', import.meta.url))
/** Part of every bundle. Without traces it does nothing. */
const interceptorsPath = fileURLToPath(
  new URL('../../../workflows/tracing/trace-interceptors.ts', import.meta.url),
)
const preloadPath = fileURLToPath(new URL('../../../workflows/sandbox/preload.ts', import.meta.url))

/** Workflows as one script, for a worker. */
export interface WorkflowCode {
  code: string
}

/**
 * The workflows of this code as one script. Bundling takes some seconds and is done once for each state of the code; the
 * result is cached in `folder`. A child process bundles, because webpack would keep 400 MB of memory in this process.
 */
export async function bundleWorkflows(folder = defaultFolder()): Promise<WorkflowCode> {
  const name = `${sourcesDigest()}.js`
  const problem = cacheFolderProblem(folder)
  if (problem) {
    process.stderr.write(
      `The cache of workflow bundles in ${folder} is not used: ${problem}. Workflows are bundled at each start. Make this user the only one who can write to the folder (chmod go-w), or set FOLLOWER_NURTURE_CACHE.\n`,
    )
  }
  const cached = problem ? null : readCached(join(folder, name))
  if (cached !== null) return { code: cached }
  if (!problem && isWritable(folder)) {
    await bundleInto(join(folder, name))
    pruneCache(join(folder, name))
    return { code: readFileSync(join(folder, name), 'utf8') }
  }
  const temporary = mkdtempSync(join(tmpdir(), 'follower-nurture-bundle-'))
  try {
    await bundleInto(join(temporary, name))
    return { code: readFileSync(join(temporary, name), 'utf8') }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

function defaultFolder(): string {
  return join(cacheFolder({ cacheDir: process.env.FOLLOWER_NURTURE_CACHE || undefined }), 'workflows')
}

function readCached(file: string): string | null {
  try {
    // A file that other users could have changed is bundled again.
    if (codeFileProblem(file)) {
      rmSync(file)
      return null
    }
    const code = readFileSync(file, 'utf8')
    markUsed(file)
    return code
  } catch {
    return null
  }
}

/** False when the folder cannot be created or written to, as in a read-only home folder. */
function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(mkdtempSync(join(folder, '.try-')), { recursive: true })
    return true
  } catch {
    return false
  }
}

const bundleInto = (file: string): Promise<void> =>
  runScript(
    bundler,
    [file, preloadPath, workflowsPath, interceptorsPath],
    'the workflows could not be bundled',
  )
