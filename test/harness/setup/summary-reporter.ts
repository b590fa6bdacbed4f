import { readFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/**
 * Prints the last line of the run, `N passed, N failed[, N skipped]`. A run without tests fails. With `CI=true` a skipped test
 * is a failure, unless `.ci/allowed-skips` lists it: one `name  # reason` per line, where `name` is a part of the full name.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((m) => [...m.children.allTests()])
    const skipped = tests.filter((t) => t.result().state === 'skipped')
    const brokenModules = modules.filter((m) => m.state() === 'failed' && m.errors().length > 0).length
    const unexpected = process.env.CI === 'true' ? skipped.filter((t) => !isAllowed(t)) : []
    const passed = tests.filter((t) => t.result().state === 'passed').length
    const failed =
      tests.filter((t) => t.result().state === 'failed').length +
      brokenModules +
      errors.length +
      unexpected.length
    for (const t of unexpected) process.stdout.write(`unexpected skip: ${t.fullName}\n`)
    const nothingRan = passed + failed === 0
    if (failed > 0 || nothingRan) process.exitCode = 1
    // `npm test` prints a line itself when the runner ends without one.
    process.send?.(SUMMARY_ANNOUNCED)
    // After the output of the other reporters.
    process.on('exit', (code) => {
      if (nothingRan) process.stdout.write(`no test ran: ${reason(skipped.length)}\n`)
      process.stdout.write(summaryLine(passed, code === 0 ? failed : Math.max(failed, 1), skipped.length))
    })
  }
}

/** The message to the parent process: the runner will print the last line. */
const SUMMARY_ANNOUNCED = 'closing line'

/** An error outside of tests counts as a failure, so that exit code and last line agree. */
function summaryLine(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`
}

function reason(skipped: number): string {
  if (skipped > 0) return `all ${skipped} tests were skipped or do not match the requested name`
  return 'no file matches the arguments, or the set-up failed (see the error above)'
}

function isAllowed(test: TestCase): boolean {
  return allowed().some((name) => `${test.module.moduleId} ${test.fullName}`.includes(name))
}

function allowed(): string[] {
  try {
    const text = readFileSync(new URL('../../../.ci/allowed-skips', import.meta.url), 'utf8')
    return text
      .split('\n')
      .map((line) => line.split('#')[0]?.trim() ?? '')
      .filter(Boolean)
  } catch {
    return []
  }
}
