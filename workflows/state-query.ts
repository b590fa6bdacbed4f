import { defineQuery } from '@temporalio/workflow'
import type { PresentedRun } from '../src/run/present.ts'

/**
 * Its answer is readable: an operator reads the contract's JSON with the `temporal` command line. The answer holds no ids but
 * those of the workflow id, and no history stores it.
 */
export const stateQuery = defineQuery<PresentedRun>('state')
