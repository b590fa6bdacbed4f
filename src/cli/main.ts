import { allowSlowHandshakes } from '../bootstrap/run-program.ts'
import { printable } from './printable.ts'
import { runCli } from './run-cli.ts'

allowSlowHandshakes()
process.exitCode = await runCli(process.argv.slice(2), {
  // A file receives the output unchanged.
  out: (text) => process.stdout.write(`${process.stdout.isTTY ? printable(text) : text}\n`),
  err: (text) => process.stderr.write(`${process.stderr.isTTY ? printable(text) : text}\n`),
})
