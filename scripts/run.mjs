// usage: node scripts/run.mjs FILE [ARGUMENT…]
// Installs missing dependencies, then runs a TypeScript program in this process.
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureDeps } from './ensure-deps.mjs'
import { exitWithNpm } from './exit-with-npm.mjs'

// Other users may read the installed and compiled files but not write them, whatever the umask of the caller.
process.umask(process.umask() | 0o022)
ensureDeps()
exitWithNpm()
const { compiledProgram } = await import('./compiled-programs.mjs')
const name = process.argv[2]
const file = resolve(fileURLToPath(new URL('..', import.meta.url)), name)
const compiled = await compiledProgram(name)
if (compiled) {
  const { nameSourceLines } = await import('./stack-traces.mjs')
  nameSourceLines(new URL('../dist/programs/', import.meta.url).href)
} else {
  const { register } = await import('tsx/esm/api')
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) })
}
if (name.startsWith('src/')) {
  // Data, secrets and logs of the product's programs, and of their children, are for their own user alone.
  process.umask(0o077)
  const { loadBundlerLazily } = await import('./lazy-bundler.mjs')
  loadBundlerLazily()
}
process.argv.splice(1, 2, file)
await import(pathToFileURL(compiled ?? file).href)
