import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Environment variables that move the downloads of npm, Go, pip and Maven into the cache folder where the home folder is
 * not writable. Variables that are set already are kept.
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
  // `npm run` always sets npm_config_cache, to the folder in the home folder.
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
