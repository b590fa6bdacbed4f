import { branchOf, OTHERWISE } from '../run/plan-fork.ts'
import { planOfVersion } from './compiled-plan.ts'
import type { Campaign } from './model.ts'

/** The names of a fork's branches, as counts of runs have them. */
export interface BranchNames {
  /** In the order of the file. */
  branches: readonly string[]
  /** Of `else`. */
  otherwise: string
}

/** The names of the branches of each fork of a version, by the id of the fork. */
export function branchNames(model: Campaign, version: number): Map<string, BranchNames> {
  const { forks = [] } = planOfVersion(model, version)
  return new Map(
    forks.map((fork) => {
      const branches = fork.branches.map((_, i) => branchOf(fork, i).name)
      return [fork.id, { branches, otherwise: branchOf(fork, OTHERWISE).name }]
    }),
  )
}
