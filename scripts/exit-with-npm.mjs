import { readFileSync } from 'node:fs'

const POLL_MS = 500

/**
 * Ends this process when npm ends. npm runs a script in a shell that does not forward signals, so without this the process
 * would outlive a stopped or killed npm. When the shell or its npm is gone, this process gets a SIGTERM.
 */
export function exitWithNpm() {
  if (!process.env.npm_lifecycle_event) return
  const shell = process.ppid
  const npm = parentOf(shell)
  const poll = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return
    clearInterval(poll)
    process.kill(process.pid, 'SIGTERM')
  }, POLL_MS)
  poll.unref()
}

/** The parent of a process, on Linux; elsewhere always ''. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  } catch {
    return ''
  }
}
