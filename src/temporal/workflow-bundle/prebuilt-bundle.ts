import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { WorkflowBundle } from '@temporalio/worker'
import { ConfigError } from '../../config/config.ts'
import { sourcesDigest } from './sources-digest.mjs'

/**
 * Writes a bundle, and beside it the digest of the code that it was made from. Workflows decide by it: one that belongs
 * to other code than the process that serves it would make other decisions than the histories that are running.
 */
export function writeBundle(file: string, code: string, digest = sourcesDigest()): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, code)
  writeFileSync(digestFile(file), `${digest}\n`)
}

/**
 * Reads what `writeBundle` wrote.
 * @throws ConfigError when it is not there, or was made from other code than this process runs
 */
export function readBundle(file: string, digest = sourcesDigest()): WorkflowBundle {
  let code: string
  let bundledFrom: string
  try {
    code = readFileSync(file, 'utf8')
    bundledFrom = readFileSync(digestFile(file), 'utf8').trim()
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err)
    throw new ConfigError(`WORKFLOW_BUNDLE: no bundle there (${reason}). Run \`npm run build\`, or unset it.`)
  }
  if (bundledFrom !== digest) {
    throw new ConfigError(
      `WORKFLOW_BUNDLE: ${file} was made from other code than this. Run \`npm run build\` again, or unset it.`,
    )
  }
  return { code }
}

function digestFile(file: string): string {
  return `${file}.sources`
}
