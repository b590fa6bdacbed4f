import { allowSlowHandshakes } from '../app/lifetime.ts'
import { PRIVATE_UMASK } from '../app/private-files.ts'
import { runCli } from './run.ts'

process.umask(PRIVATE_UMASK)
allowSlowHandshakes()
process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
})
