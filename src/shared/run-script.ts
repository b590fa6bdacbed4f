import { spawn } from 'node:child_process'

/**
 * Runs a script of this repository in its own process, so that its memory is freed when it ends.
 * @param failure beginning of the error message, for example "the workflows could not be bundled"
 * @throws Error with the exit code and the script's error output
 */
export function runScript(script: string, args: readonly string[], failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // In its own process group, so that Ctrl-C in the terminal does not reach it.
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    let printed = ''
    child.stderr.on('data', (text) => {
      printed += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${failure} (exit code ${code}):\n${printed}`))
    })
  })
}
