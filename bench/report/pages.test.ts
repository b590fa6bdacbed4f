import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BENCH_NAMES } from '../bench-list.ts'
import { blockNames } from './blocks.ts'
import { renderPages } from './pages.ts'
import { mergeResults, type Results, readResults } from './results.ts'
import { blockText } from './sections.ts'

const stored = readResults()
const pages = renderPages(stored)
const textOf = (end: string) =>
  readFileSync(Object.keys(pages).find((path) => path.endsWith(end)) ?? '', 'utf8')

describe('the pages of figures', () => {
  it('show the results of docs/performance.json, as `npm run bench -- --write-docs` writes them', () => {
    for (const [path, text] of Object.entries(pages)) expect(readFileSync(path, 'utf8'), path).toBe(text)
  })

  it('have a block for the aims and for each bench', () => {
    expect(blockNames(textOf('performance.md')).toSorted()).toEqual(['aims', ...BENCH_NAMES].toSorted())
  })

  it('show only results of benches that exist, and a picture of the load curve', () => {
    for (const name of Object.keys(stored.benches)) expect(BENCH_NAMES).toContain(name)
    if (stored.benches['load-curve'])
      expect(Object.keys(pages).filter((path) => path.endsWith('.svg') && existsSync(path))).toHaveLength(1)
  })
})

describe('a block of the page', () => {
  const result = {
    measuredAt: '2026-11-30T12:34:56.000Z',
    command: 'npm run bench -- --only due',
    machine: { cores: 2, memoryGiB: 24, node: 'v20.20.2' },
    loadBefore: 0.2,
    figures: [{ name: 'late', unit: 'ms', value: 12 }],
  }
  const results = (more: Partial<Results>): Results => ({ benches: {}, skipped: {}, ...more })

  it('has the command, the day and the machine above its table', () => {
    const [first, table] = blockText('due', results({ benches: { due: result } })).split('\n\n')
    expect(first).toBe('`npm run bench -- --only due`, 2026-11-30, 2 cores, 24 GiB, Node 20.20.2.')
    expect(table).toContain('| late   | 12 ms |')
  })

  it('says when the machine was busy', () => {
    const busy = { ...result, loadBefore: 3.14 }
    expect(blockText('due', results({ benches: { due: busy } }))).toContain(
      '**Other programs used the cores** (load average 3.1).',
    )
  })

  it('names the reason when the last run skipped the bench, beside the older result', () => {
    const skipped = { due: { at: '2026-12-01T00:00:00.000Z', reason: 'no /proc\nmore', failed: false } }
    expect(blockText('due', results({ skipped }))).toMatch(
      /^Not measured yet.*\n\nThe run of 2026-12-01 .*: no \/proc$/,
    )
    expect(blockText('due', results({ benches: { due: result }, skipped }))).toContain('| late')
  })

  it('leaves out the single tables and indexes of the footprint', () => {
    const figures = [
      'all databases, packed',
      '  its rows',
      'nurture.inbox with its indexes, packed',
      'nurture, as written',
    ]
    const text = blockText(
      'footprint',
      results({
        benches: {
          footprint: {
            ...result,
            figures: figures.map((name) => ({ name: `early: ${name}`, unit: 'bytes', value: 1 })),
          },
        },
      }),
    )
    expect(text.match(/^\| .*1 bytes/gm)).toEqual(['| all databases, packed | 1 bytes'])
  })
})

describe('newer results', () => {
  const entry = (figure: number) => ({
    measuredAt: '',
    command: '',
    machine: { cores: 2, memoryGiB: 1, node: '' },
    loadBefore: null,
    figures: [{ name: 'x', unit: '', value: figure }],
  })
  const skip = { at: '', reason: 'missing', failed: false }

  it('replace those of the same bench, and those of other benches stay', () => {
    const merged = mergeResults(
      { benches: { start: entry(1), due: entry(2) }, skipped: { start: skip } },
      { benches: { start: entry(3) }, skipped: { due: skip } },
    )
    expect(merged.benches.start?.figures[0]?.value).toBe(3)
    expect(merged.benches.due?.figures[0]?.value).toBe(2)
    expect(merged.skipped).toEqual({ due: skip })
  })
})
