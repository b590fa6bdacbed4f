// Runs one program and ends it when standard input closes: that happens when the parent ends, however it ends.
// usage: node supervisor.mjs STOP_WITHIN_MS LOGFILE UID:GID|- FOLDER COMPANION|- PROGRAM [ARGUMENT…]
// Only the program gets the other user and the other folder: that user may have no right to read this file.
// COMPANION is JSON, {logFile, program, args}: a second one that lives as long as the first at most.
import { spawn } from 'node:child_process'
import { openSync, writeSync } from 'node:fs'

// Log and data of what it runs are for its own user alone, whatever this process was started with.
process.umask(0o077)
const [stopWithinMs, logFile, user, cwd, beside, program, ...args] = process.argv.slice(2)
const [uid, gid] = user === '-' ? [] : user.split(':').map(Number)
const running = new Set()

// Ctrl-C reaches the whole group of processes: the parent decides when this one ends.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('SIGHUP', () => {})

/** Ends once nothing runs any more, with what became of the program. */
let exitCode = null
const endIfDone = () => {
  if (running.size === 0 && exitCode !== null) process.exit(exitCode)
}
const end = () => {
  for (const child of running) child.kill('SIGTERM')
  setTimeout(() => {
    for (const child of running) child.kill('SIGKILL')
  }, Number(stopWithinMs)).unref()
}
process.stdin.on('end', end).on('error', end).resume()

run(program, args, logFile, (code) => {
  exitCode = code
  if (running.size > 0) end()
})
if (beside !== '-') {
  const companion = JSON.parse(beside)
  run(companion.program, companion.args, companion.logFile, () => {})
}

/** @param {(code: number) => void} ended */
function run(what, withArgs, logInto, ended) {
  const log = openSync(logInto, 'a')
  const child = spawn(what, withArgs, { stdio: ['ignore', log, log], cwd, uid, gid })
  running.add(child)
  child.on('error', (err) => {
    // A folder that is missing or closed to the user looks like a missing program.
    writeSync(log, `${what} cannot be started in ${cwd}: ${err.message}\n`)
    over(127)
  })
  child.on('exit', (code, signal) => {
    if (signal) writeSync(log, `${what} was ended by ${signal}\n`)
    over(signal ? 1 : (code ?? 1))
  })
  function over(code) {
    running.delete(child)
    ended(code)
    endIfDone()
  }
}
