import type { TestProject } from 'vitest/node'

/**
 * Reports that an installed program did not start. The run fails with the reason at its end, but every test that does not need
 * the program runs. An error that a global set-up throws would end the run before any test.
 */
export function reportSetupError(project: TestProject, err: unknown): void {
  project.vitest.state.catchError(err, 'Set-up Error')
  const message = err instanceof Error ? err.message : String(err)
  process.stderr.write(`tests: ${message}\n`)
}
