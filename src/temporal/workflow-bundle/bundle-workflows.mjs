// Bundles workflows into a file and exits, which returns the memory of webpack to the system.
// usage: node bundle-workflows.mjs FILE PRELOAD WORKFLOWS [INTERCEPTORS…]
import { renameSync, writeFileSync } from 'node:fs'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

const [file, preload, workflowsPath, ...workflowInterceptorModules] = process.argv.slice(2)
const { code } = await bundleWorkflowCode({
  workflowsPath,
  workflowInterceptorModules,
  // Evaluated once for all runs, not for each run. Their modules have no state: all of a run's state is in its objects.
  preloadModules: [preload, workflowsPath, ...workflowInterceptorModules],
  webpackConfigHook: compileForSupportedNode,
  logger: new DefaultLogger('WARN'),
})
// Renamed when complete: another process may read or write the same file.
const part = `${file}.${process.pid}.part`
// V8 needs two bytes for each character of a text with one character beyond Latin-1, and keeps several copies of this one.
writeFileSync(
  part,
  code.replace(/[^\0-\xff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
)
renameSync(part, file)
process.exit(0)

/** The SDK compiles for older versions of Node, with slow functions in place of the spread syntax. */
function compileForSupportedNode(config) {
  for (const { use } of config.module.rules) if (use.options?.jsc) use.options.jsc.target = 'es2022'
  return config
}
