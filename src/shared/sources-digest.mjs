import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The folders of code that a bundle may contain. `LOCK` has the versions of the libraries. */
const SOURCES = ['workflows', 'activities', 'src']
const LOCK = 'package-lock.json'

/**
 * A digest of the code that a bundle is built from. Plain JavaScript: the launcher of the programs needs it before anything
 * is compiled.
 */
export function sourcesDigest(folder = root) {
  if (folder !== root) return computeDigest(folder)
  digest ??= computeDigest(root)
  return digest
}

/** The digest of this project, computed once: a process keeps running the code that it started with. */
let digest

function computeDigest(folder) {
  const hash = createHash('sha256').update(readFileSync(join(folder, LOCK)))
  for (const sourceFolder of SOURCES) {
    const files = readdirSync(join(folder, sourceFolder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(tsx?|mjs|cjs)$/.test(file) && !/\.test\.tsx?$/.test(file))
      .map((file) => file.replaceAll('\\', '/'))
      .sort()
    for (const file of files) {
      hash.update(`\0${sourceFolder}/${file}\0`).update(readFileSync(join(folder, sourceFolder, file)))
    }
  }
  return hash.digest('hex')
}
