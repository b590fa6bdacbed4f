import { allowSlowHandshakes } from '../bootstrap/run-program.ts'
import { printable } from './printable.ts'
import { runCli } from './run-cli.ts'

allowSlowHandshakes()
// A reader like `head` may end first. A full disk is an error.
process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  if (err.code !== 'EPIPE') throw err
})
process.exitCode = await runCli(process.argv.slice(2), {
  // A file receives the output unchanged.
  out: (text) => process.stdout.write(`${process.stdout.isTTY ? printable(text) : text}\n`),
  write: (part) =>
    new Promise((resolve, reject) => {
      const text = process.stdout.isTTY ? printable(part) : part
      process.stdout.write(text, (err) => (err ? reject(err) : resolve()))
    }),
  err: (text) => process.stderr.write(`${process.stderr.isTTY ? printable(text) : text}\n`),
})
