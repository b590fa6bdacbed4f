import { readFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/**
 * Prints the run's last line, `N passed, N failed[, N skipped]`. A run in which no test ran has failed. With `CI=true` a
 * skipped test is a failure, unless `.ci/allowed-skips` lists it (one `name  # reason` a line; a test is listed by any
 * part of its full name).
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
    // `npm test` writes a line itself where the runner ends without one.
    process.send?.(SUMMARY_ANNOUNCED)
    // After whatever the other reporters still print.
    process.on('exit', (code) => {
      if (nothingRan) process.stdout.write(`no test ran: ${reason(skipped.length)}\n`)
      process.stdout.write(summaryLine(passed, code === 0 ? failed : Math.max(failed, 1), skipped.length))
    })
  }
}

/** What the runner's parent is told once there will be a closing line. */
const SUMMARY_ANNOUNCED = 'closing line'

/** A failure that is none of a test's counts as one: exit code and line agree. */
function summaryLine(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`
}

function reason(skipped: number): string {
  if (skipped > 0) return `each of ${skipped} was skipped, or its name was not asked for`
  return 'no file was found for what was asked, or the set-up failed (its error is above)'
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
