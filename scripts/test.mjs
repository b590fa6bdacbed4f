// npm test: installs missing dependencies and tools, then runs every test tier that can run here. Arguments go to vitest.
// The last line is always `N passed, N failed[, N skipped]`; the exit code is 0 only when a test ran and none failed.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ensureDeps } from './ensure-deps.mjs'
import { ensureTestTools } from './ensure-test-tools.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const asksOnly = args.some((arg) => ['--help', '-h', '--version', '-v'].includes(arg))
// Whether the test runner prints the last line. Until it promises to, this process prints one.
let runnerReports = false
process.on('exit', (code) => {
  if (!runnerReports && code !== 0) process.stdout.write('0 passed, 1 failed\n')
})
ensureDeps()
if (!asksOnly) ensureTestTools()
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
const child = spawn(process.execPath, [vitest, 'run', ...args], {
  cwd: root,
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
// Sent by test/harness/setup/summary-reporter.ts.
child.on('message', () => {
  runnerReports = true
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('close', (code, signal) => {
  // A killed runner has not printed the line that it promised.
  if (signal) runnerReports = false
  if (runnerReports || asksOnly) process.exit(code ?? 1)
  process.stdout.write(`no test was counted: the test runner ended with ${signal ?? `exit code ${code}`}\n`)
  process.exit(signal ? 128 + constants.signals[signal] : code || 1)
})
