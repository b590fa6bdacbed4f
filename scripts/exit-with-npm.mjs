import { readFileSync } from 'node:fs'

const LOOK_MS = 500

/**
 * npm runs a script below a shell that does not pass signals on: a stopped (or killed) npm would leave us running. So
 * when the shell, or npm above it, is gone, this process ends as if it had got the signal itself.
 */
export function exitWithNpm() {
  if (!process.env.npm_lifecycle_event) return
  const shell = process.ppid
  const npm = parentOf(shell)
  const look = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return
    clearInterval(look)
    process.kill(process.pid, 'SIGTERM')
  }, LOOK_MS)
  look.unref()
}

/** Linux only; elsewhere always the same answer. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  } catch {
    return ''
  }
}
