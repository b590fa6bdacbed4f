#!/usr/bin/env node
// The operator's command, which `npm link` or `npx` puts on the PATH.
process.argv.splice(2, 0, 'src/cli/main.ts')
await import('./run.mjs')
