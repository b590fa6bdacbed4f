import { readFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/**
 * Prints the run's last line, `N passed, N failed[, N skipped]`. With `CI=true` a skipped test is a failure, unless
 * `.ci/allowed-skips` lists it (one `name  # reason` a line; a test is listed by any part of its full name).
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((m) => [...m.children.allTests()])
    const skipped = tests.filter((t) => t.result().state === 'skipped')
    const broken = modules.filter((m) => m.state() === 'failed' && m.errors().length > 0).length
    const unexpected = process.env.CI === 'true' ? skipped.filter((t) => !isAllowed(t)) : []
    const passed = tests.filter((t) => t.result().state === 'passed').length
    const failed =
      tests.filter((t) => t.result().state === 'failed').length + broken + errors.length + unexpected.length
    for (const t of unexpected) process.stdout.write(`skipped without leave: ${t.fullName}\n`)
    if (failed > 0) process.exitCode = 1
    // After whatever the other reporters still print.
    process.on('exit', () => {
      const more = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
      process.stdout.write(`${passed} passed, ${failed} failed${more}\n`)
    })
  }
}

function isAllowed(test: TestCase): boolean {
  return allowed().some((name) => `${test.module.moduleId} ${test.fullName}`.includes(name))
}

function allowed(): string[] {
  try {
    const text = readFileSync(new URL('../../.ci/allowed-skips', import.meta.url), 'utf8')
    return text
      .split('\n')
      .map((line) => line.split('#')[0]?.trim() ?? '')
      .filter(Boolean)
  } catch {
    return []
  }
}
