import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installOnce, RegistryError, runTool } from '../../test/harness/process/install-once.ts'
import { NotAvailableError } from '../not-available.ts'

const sources = (folder: string) => fileURLToPath(new URL(folder, import.meta.url))

/**
 * Installs the libraries of the designs into the cache folder, by their lock file.
 * @returns the folder with `load.mjs`
 * @throws NotAvailableError when the registry was not reached
 */
export function installLibraries(print: (line: string) => void): Promise<string> {
  return install('the libraries', print, {
    sources: sources('libraries'),
    name: 'libraries',
    // Two libraries require a newer Node than npm runs on here; they run on that Node.
    build: (out) =>
      runTool('npm', 'npm', out, ['ci', `--prefix=${out}`, '--ignore-scripts', '--no-audit', '--no-fund']),
  })
}

/**
 * Fetches ElasticMQ from Maven Central into the cache folder.
 * @returns the folder of its jar files
 * @throws NotAvailableError when the registry was not reached
 */
export async function installElasticmq(print: (line: string) => void): Promise<string> {
  const folder = await install('ElasticMQ', print, {
    sources: sources('elasticmq'),
    name: 'elasticmq',
    build: (out) =>
      runTool('mvn', 'Maven', out, [
        '--batch-mode',
        '--quiet',
        '--strict-checksums',
        'dependency:copy-dependencies',
      ]),
  })
  return join(folder, 'lib')
}

async function install(
  what: string,
  print: (line: string) => void,
  options: { sources: string; name: string; build(out: string): Promise<void> },
): Promise<string> {
  try {
    return await installOnce({
      ...options,
      cache: 'peers',
      print: (state) =>
        print(state === 'building' ? `bench: fetching ${what} (once)…` : `bench: ${what}: ready`),
    })
  } catch (err) {
    if (err instanceof RegistryError)
      throw new NotAvailableError(`${what} could not be fetched: ${err.message}`)
    throw err
  }
}
