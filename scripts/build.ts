// npm run build: compiles the programs, and bundles the workflows into one script for workers with
// WORKFLOW_BUNDLE=dist/workflow-bundle.js. Otherwise each process does this at its first start.
import { fileURLToPath } from 'node:url'
import { browserScripts } from '../src/console/browser-scripts.ts'
import { simulatorScripts } from '../src/simulator/phone/simulator-scripts.ts'
import { writeBundle } from '../src/temporal/workflow-bundle/prebuilt-bundle.ts'
import { bundleWorkflows } from '../src/temporal/workflow-bundle/workflow-bundle.ts'
import { compiledProgram } from './compiled-programs.mjs'

const file = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url))
const { code } = await bundleWorkflows()
writeBundle(file, code)
console.log(`${file}: ${Math.round(code.length / 1024)} KB`)
console.log(await compiledProgram('src/start.ts'))
console.log(`${(await browserScripts()).size + (await simulatorScripts()).size} scripts for browsers`)
