// usage: node scripts/run.mjs FILE [ARGUMENT…]: installs what is missing, then runs a TypeScript program in this process.
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { endWithNpm } from './end-with-npm.mjs'
import { ensureDeps } from './ensure-deps.mjs'

ensureDeps()
endWithNpm()
const { register } = await import('tsx/esm/api')
register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) })
const file = resolve(fileURLToPath(new URL('..', import.meta.url)), process.argv[2])
process.argv.splice(1, 2, file)
await import(pathToFileURL(file).href)
