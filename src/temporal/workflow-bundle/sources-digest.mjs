import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** All that may end up in a bundle, and the versions of the libraries in it. */
const SOURCES = ['workflows', 'activities', 'src']
const LOCK = 'package-lock.json'

/**
 * A digest of the code that a bundle is made from. Plain JavaScript: what starts the programs needs it before anything
 * is compiled.
 */
export function sourcesDigest(folder = root) {
  const hash = createHash('sha256').update(readFileSync(join(folder, LOCK)))
  for (const room of SOURCES) {
    const files = readdirSync(join(folder, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(tsx?|mjs|cjs)$/.test(file) && !/\.test\.tsx?$/.test(file))
      .map((file) => file.replaceAll('\\', '/'))
      .sort()
    for (const file of files) {
      hash.update(`\0${room}/${file}\0`).update(readFileSync(join(folder, room, file)))
    }
  }
  return hash.digest('hex')
}
