import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { runCli } from './run.ts'

// Node gives up a slow handshake after 250 ms (nodejs/node 54359).
setDefaultAutoSelectFamilyAttemptTimeout(2_500)
process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
})
