import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** No garbage collection within a round, and no optimizing compiler: the program gives the reason. */
const OPTIONS = ['--expose-gc', '--no-opt', '--min-semi-space-size=512', '--max-semi-space-size=512']
const PROGRAM = ['scripts/run.mjs', 'bench/allocations/program.ts']

/**
 * Bytes, about a tenth above the values of Node 20, 22 and 24. Ten runs of one version of Node differ by less than a
 * hundredth.
 */
const MOST = { decide: 13_000, callback: 85_000 }

describe('the memory that is allocated for', { timeout: 60_000 }, () => {
  const { stdout, stderr } = spawnSync(process.execPath, [...OPTIONS, ...PROGRAM], { encoding: 'utf8' })
  const measured: Record<string, number> = stdout ? JSON.parse(stdout) : { error: stderr }

  it.each([
    ['a decision of a run with five steps', 'decide'],
    ['an encrypted callback, from its body to its event', 'callback'],
  ] as const)('%s stays below its limit', (_, key) => {
    expect(measured[key], JSON.stringify(measured)).toBeGreaterThan(1_000)
    expect(measured[key]).toBeLessThanOrEqual(MOST[key])
  })
})
