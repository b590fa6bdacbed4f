import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LoadStep } from '../load-curve/load-step.ts'
import type { PeerResult } from '../peers/index.ts'
import type { Figure } from '../stats.ts'

/** The machine of a measurement. */
export interface Machine {
  cores: number
  memoryGiB: number
  /** As `process.version`. */
  node: string
}

/** What a bench measured. Which of the fields it has depends on the bench. */
export interface Measured {
  figures: Figure[]
  peers?: PeerResult[]
  curve?: LoadStep[]
}

/** The newest results of one bench. */
export interface BenchResult extends Measured {
  /** When it began, ISO 8601 in UTC. */
  measuredAt: string
  /** The command that repeats it. */
  command: string
  machine: Machine
  /** Load average of the minute before. Other programs distort every figure. null: not known. */
  loadBefore: number | null
  /** What a reader must know to interpret the figures. */
  remark?: string
}

/** The newest results of each bench, and the benches that the last run skipped or that failed in it. */
export interface Results {
  benches: Record<string, BenchResult>
  skipped: Record<string, { at: string; reason: string; failed: boolean }>
}

/** The results that the pages show, as `--write-docs` stores them. */
export const RESULTS_FILE = fileURLToPath(new URL('../../docs/performance.json', import.meta.url))

/** @throws Error when the file is not one of `--json` or `--write-docs` */
export function readResults(file = RESULTS_FILE): Results {
  const read: Partial<Results> = JSON.parse(readFileSync(file, 'utf8'))
  if (!read.benches || !read.skipped) throw new Error(`${file} has no results of npm run bench`)
  return { benches: read.benches, skipped: read.skipped }
}

export function writeResults(results: Results, file = RESULTS_FILE): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** The stored results with newer ones. A bench that was skipped keeps its older result. */
export function mergeResults(stored: Results, newer: Results): Results {
  const skipped = Object.entries({ ...stored.skipped, ...newer.skipped })
  return {
    benches: { ...stored.benches, ...newer.benches },
    skipped: Object.fromEntries(skipped.filter(([name]) => !(name in newer.benches))),
  }
}
