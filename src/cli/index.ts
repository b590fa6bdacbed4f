import { allowSlowHandshakes } from '../app/lifetime.ts'
import { runCli } from './run.ts'

allowSlowHandshakes()
process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
})
