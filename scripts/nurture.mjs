#!/usr/bin/env node
// The operator's command, as `npm link` or `npx` put it on the PATH.
process.argv.splice(2, 0, 'src/cli/main.ts')
await import('./run.mjs')
