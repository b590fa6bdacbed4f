import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../test/harness/timeouts.ts'
import { compiledProgram } from './compiled-programs.mjs'
import { sourcePlace } from './stack-traces.mjs'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS })

describe('the place in the sources of a compiled line', () => {
  it('is the one that Node finds with the whole map', async () => {
    const file = (await compiledProgram('src/start.ts')) ?? ''
    const map = JSON.parse(readFileSync(`${file}.map`, 'utf8'))
    const node = new SourceMap(map)
    const lines = readFileSync(file, 'utf8').split('\n')
    let found = 0
    for (const [line, text] of lines.entries()) {
      for (let column = 0; column <= text.length; column += 7) {
        const entry = node.findEntry(line, column)
        const expected =
          'originalSource' in entry && entry.originalSource !== undefined
            ? { source: entry.originalSource, line: entry.originalLine, column: entry.originalColumn }
            : null
        if (expected) found++
        expect(sourcePlace(map, line, column)).toEqual(expected)
      }
    }
    expect(found).toBeGreaterThan(100)
  })

  it('is unknown before the first mapping, and where a mapping names no source', () => {
    const map = { sources: ['a.ts'], mappings: 'IAEC,I' }
    expect(sourcePlace(map, 0, 3)).toBeNull()
    expect(sourcePlace(map, 0, 4)).toEqual({ source: 'a.ts', line: 2, column: 1 })
    expect(sourcePlace(map, 0, 8)).toBeNull()
  })
})
