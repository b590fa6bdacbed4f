// Runs one program and stops it when standard input closes, which happens whenever the parent process ends.
// usage: node supervisor.mjs STOP_TIMEOUT_MS LOGFILE UID:GID|- FOLDER COMPANION|- PROGRAM [ARGUMENT…]
// User and folder apply to the program only: that user may have no permission to read this file.
// COMPANION is JSON, {logFile, program, args}: a second program, which is stopped with the first.
import { spawn } from 'node:child_process'
import { openSync, writeSync } from 'node:fs'

// Only the user of the program may read its logs and data, whatever umask this process was started with.
process.umask(0o077)
const [stopTimeoutMs, logFile, user, cwd, companionJson, program, ...args] = process.argv.slice(2)
const [uid, gid] = user === '-' ? [] : user.split(':').map(Number)
const running = new Set()

// Ctrl-C reaches the whole process group. Only the parent decides when this process ends.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('SIGHUP', () => {})

/** The exit code of the program; null while it runs. */
let exitCode = null
const exitIfDone = () => {
  if (running.size === 0 && exitCode !== null) process.exit(exitCode)
}
const stopAll = () => {
  for (const child of running) child.kill('SIGTERM')
  setTimeout(() => {
    for (const child of running) child.kill('SIGKILL')
  }, Number(stopTimeoutMs)).unref()
}
process.stdin.on('end', stopAll).on('error', stopAll).resume()

run(program, args, logFile, (code) => {
  exitCode = code
  if (running.size > 0) stopAll()
})
if (companionJson !== '-') {
  const companion = JSON.parse(companionJson)
  run(companion.program, companion.args, companion.logFile, () => {})
}

/** @param {(code: number) => void} onEnded */
function run(command, commandArgs, commandLog, onEnded) {
  const log = openSync(commandLog, 'a')
  const child = spawn(command, commandArgs, { stdio: ['ignore', log, log], cwd, uid, gid })
  running.add(child)
  child.on('error', (err) => {
    // A folder that is missing, or that the user may not enter, gives the same error as a missing program.
    writeSync(log, `${command} cannot be started in ${cwd}: ${err.message}\n`)
    ended(127)
  })
  child.on('exit', (code, signal) => {
    if (signal) writeSync(log, `${command} was ended by ${signal}\n`)
    ended(signal ? 1 : (code ?? 1))
  })
  function ended(code) {
    running.delete(child)
    onEnded(code)
    exitIfDone()
  }
}
