// Runs one program and ends it when standard input closes: that happens when the parent ends, however it ends.
// usage: node supervisor.mjs STOP_WITHIN_MS LOGFILE UID:GID|- FOLDER PROGRAM [ARGUMENT…]
// Only the program gets the other user and the other folder: that user may have no right to read this file.
import { spawn } from 'node:child_process'
import { openSync, writeSync } from 'node:fs'

// Log and data of what it runs are for its own user alone, whatever this process was started with.
process.umask(0o077)
const [stopWithinMs, logFile, user, cwd, program, ...args] = process.argv.slice(2)
const [uid, gid] = user === '-' ? [] : user.split(':').map(Number)
const log = openSync(logFile, 'a')
const child = spawn(program, args, { stdio: ['ignore', log, log], cwd, uid, gid })

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
  // A folder that is missing or closed to the user looks like a missing program.
  writeSync(log, `${program} cannot be started in ${cwd}: ${err.message}\n`)
  process.exit(127)
})
child.on('exit', (code, signal) => {
  if (signal) writeSync(log, `${program} was ended by ${signal}\n`)
  process.exit(signal ? 1 : (code ?? 1))
})
