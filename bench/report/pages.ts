import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCurveSvg } from '../load-curve/svg.ts'
import { figuresFrom } from '../scaling/figures.ts'
import { scalingBlocks } from '../scaling/tables.ts'
import { replaceBlocks } from './blocks.ts'
import { mergeResults, RESULTS_FILE, type Results, readResults, writeResults } from './results.ts'
import { blockText } from './sections.ts'

const docs = (path: string) => fileURLToPath(new URL(`../../docs/${path}`, import.meta.url))
const PERFORMANCE = docs('performance.md')
const SCALING = docs('scaling.md')
const PICTURE = docs('images/load-curve.svg')

/** The files that show these results, by their paths. */
export function renderPages(results: Results): Record<string, string> {
  const scaling = scalingBlocks(figuresFrom(results.benches))
  const { curve, machine } = results.benches['load-curve'] ?? {}
  const where = machine ? `npm start on ${machine.cores} cores, ${machine.memoryGiB} GiB` : ''
  return {
    [PERFORMANCE]: replaceBlocks(readFileSync(PERFORMANCE, 'utf8'), (name) => blockText(name, results)),
    [SCALING]: replaceBlocks(readFileSync(SCALING, 'utf8'), (name) => scaling[name] ?? null),
    ...(curve ? { [PICTURE]: loadCurveSvg(curve, where) } : {}),
  }
}

/** Stores results beside the older ones of other benches, and writes the files that show them. Returns their paths. */
export function writePages(newer: Results): string[] {
  const results = mergeResults(readResults(), newer)
  writeResults(results)
  const pages = renderPages(results)
  for (const [file, text] of Object.entries(pages)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return [RESULTS_FILE, ...Object.keys(pages)]
}
