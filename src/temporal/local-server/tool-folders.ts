import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where npm, Go, pip and Maven keep what they fetch, as variables for their environment: nothing is changed where the
 * home folder can be written, and in our own cache folder where it cannot. What somebody has set stays.
 */
export function toolFolders(
  cacheDir: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home = homedir(),
): Record<string, string> {
  if (isWritable(home)) return {}
  const toolFolder = (name: string) => join(cacheDir, 'tools', name)
  const defaults = {
    GOPATH: toolFolder('go'),
    GOCACHE: toolFolder('go-build'),
    PIP_CACHE_DIR: toolFolder('pip'),
    MAVEN_OPTS: `-Dmaven.repo.local=${toolFolder('maven')}`,
  }
  const unset = Object.entries(defaults).filter(([name]) => !env[name])
  // `npm run` itself sets npm's folder, to the one in the home folder.
  return { ...Object.fromEntries(unset), npm_config_cache: toolFolder('npm') }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
