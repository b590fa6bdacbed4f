import { spawn } from 'node:child_process'

/**
 * Runs one of our scripts in a process that ends, so that what it needed is given back to the system.
 * @param failure what it is for, as a sentence's beginning: "the workflows could not be bundled"
 * @throws Error with what it printed
 */
export function runScript(script: string, args: readonly string[], failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C in the terminal does not reach it.
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
