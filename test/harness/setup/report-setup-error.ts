import type { TestProject } from 'vitest/node'

/**
 * What a tier needs is there and does not start: the run fails, with the reason at its end, but every test that does not
 * need it runs. (An error that leaves a global set-up ends the run before any test.)
 */
export function reportSetupError(project: TestProject, err: unknown): void {
  project.vitest.state.catchError(err, 'Set-up Error')
  const message = err instanceof Error ? err.message : String(err)
  process.stderr.write(`tests: ${message}\n`)
}
