import { processTreeMemory, totalMemory } from '../../test/harness/process/process-memory.ts'

/**
 * Bytes of memory (PSS) of all processes that this process has started, and their descendants.
 * @param except the root of a process tree that does not count
 * @returns NaN on systems other than Linux
 */
export function descendantMemory(except?: number): number {
  const all = processTreeMemory(process.pid)
  if (!all) return Number.NaN
  const left = new Set([process.pid])
  if (except !== undefined) for (const { pid } of processTreeMemory(except) ?? []) left.add(pid)
  return (
    totalMemory(
      all.filter(({ pid }) => !left.has(pid)),
      'pss',
    ) *
    2 ** 20
  )
}
