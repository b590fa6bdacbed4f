// Runs one program and ends it when standard input closes: that happens when the parent ends, however it ends.
// usage: node supervisor.mjs STOP_WITHIN_MS LOGFILE PROGRAM [ARGUMENT…]
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'

// Log and data of what it runs are for its own user alone, whatever this process was started with.
process.umask(0o077)
const [stopWithinMs, logFile, program, ...args] = process.argv.slice(2)
const log = openSync(logFile, 'a')
const child = spawn(program, args, { stdio: ['ignore', log, log] })

// Ctrl-C reaches the whole group of processes: the parent decides when this one ends.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('SIGHUP', () => {})

const end = () => {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), Number(stopWithinMs)).unref()
}
process.stdin.on('end', end).on('error', end).resume()
child.on('error', (err) => {
  process.stderr.write(`${program}: ${err.message}\n`)
  process.exit(127)
})
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
