import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { WorkflowBundle } from '@temporalio/worker'
import { ConfigError } from '../../config/config.ts'
import { sourcesDigest } from '../../shared/sources-digest.mjs'

/**
 * Writes a bundle and the digest of its source code. A bundle of other code than the process that runs it could decide
 * differently from the histories that are open.
 */
export function writeBundle(file: string, code: string, digest = sourcesDigest()): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, code)
  writeFileSync(digestFile(file), `${digest}\n`)
}

/**
 * Reads the bundle that `writeBundle` wrote.
 * @throws ConfigError when it is missing, or was built from other code than this process runs
 */
export function readBundle(file: string, digest = sourcesDigest()): WorkflowBundle {
  let code: string
  let bundledFrom: string
  try {
    code = readFileSync(file, 'utf8')
    bundledFrom = readFileSync(digestFile(file), 'utf8').trim()
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err)
    throw new ConfigError(
      `WORKFLOW_BUNDLE: the bundle cannot be read (${reason}). Run \`npm run build\`, or unset the variable.`,
    )
  }
  if (bundledFrom !== digest) {
    throw new ConfigError(
      `WORKFLOW_BUNDLE: ${file} was built from other code. Run \`npm run build\` again, or unset the variable.`,
    )
  }
  return { code }
}

function digestFile(file: string): string {
  return `${file}.sources`
}
