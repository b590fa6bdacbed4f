// npm run build: bundles the workflows once, so that workers with WORKFLOW_BUNDLE=dist/workflow-bundle.js need not.
import { fileURLToPath } from 'node:url'
import { writeBundle } from '../src/engine/prebuilt-bundle.ts'
import { bundleWorkflows } from '../src/engine/workflow-bundle.ts'

const file = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url))
const { code } = await bundleWorkflows()
writeBundle(file, code)
console.log(`${file}: ${Math.round(code.length / 1024)} KB`)
