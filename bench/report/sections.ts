import { loadCurveTable } from '../load-curve/table.ts'
import { peerTables } from '../peers/tables.ts'
import type { Figure } from '../stats.ts'
import { aimTable } from './aims.ts'
import { figureTables } from './format.ts'
import type { BenchResult, Results } from './results.ts'

const PICTURE_TEXT =
  'Two charts: messages sent a second, and the lateness of the first message, against follows offered a second'

/** The text of a block of docs/performance.md: the aims, or the newest result of a bench. */
export function blockText(name: string, results: Results): string {
  if (name === 'aims') return aimTable(results)
  const result = results.benches[name]
  const skipped = results.skipped[name]
  return [
    result ? describe(result) : `Not measured yet: \`npm run bench -- --only ${name}\`.`,
    skipped ? `The run of ${dayOf(skipped.at)} did not measure this: ${firstLine(skipped.reason)}` : '',
    ...(result ? tablesOf(result) : []),
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** When, where and how a result was measured, in one line. */
function describe({ command, measuredAt, machine, loadBefore, remark }: BenchResult): string {
  const { cores, memoryGiB, node } = machine
  const busy =
    loadBefore !== null && loadBefore > cores / 2
      ? ` **Other programs used the cores** (load average ${loadBefore.toFixed(1)}).`
      : ''
  const where = `${cores} cores, ${memoryGiB} GiB, Node ${node.replace(/^v/, '')}`
  return `\`${command}\`, ${dayOf(measuredAt)}, ${where}.${busy}${remark ? ` ${remark}` : ''}`
}

function tablesOf({ figures, curve, peers }: BenchResult): string[] {
  const shown = figures.filter(isShown)
  return [
    ...figureTables(shown),
    curve ? `![${PICTURE_TEXT}](images/load-curve.svg)` : '',
    curve ? loadCurveTable(curve) : '',
    peers ? peerTables(peers) : '',
  ]
}

/** The page leaves out the figures of single tables and indexes, which the results have. */
function isShown({ name }: Figure): boolean {
  return !/: {3}|: \w+\.\w+ with its indexes|, (as written|rows written)$/.test(name)
}

const dayOf = (at: string) => at.slice(0, 10)
const firstLine = (text: string) => text.split('\n')[0] ?? ''
