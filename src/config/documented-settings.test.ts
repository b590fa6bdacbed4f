import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HELP } from '../simulator/command.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
/** The names that a source file has at the places that a pattern finds. */
const namesIn = (path: string, pattern: RegExp) => [...read(path).matchAll(pattern)].map(([, name]) => name)
const withoutDocs = (names: readonly (string | undefined)[], text: string) =>
  names.filter((name) => !text.includes(`\`${name}\``))

describe('every environment variable is documented', () => {
  const settings = namesIn('src/config/config.ts', /^ {2}([A-Z][A-Z0-9_]+):/gm)
  const ofSimulator = namesIn('src/simulator/command.ts', /env\.([A-Z][A-Z0-9_]+)/g)

  it('of the product and of the simulator, in docs/configure.md', () => {
    expect([settings.length > 30, ofSimulator.length > 3]).toEqual([true, true])
    expect(withoutDocs([...settings, ...ofSimulator], read('docs/configure.md'))).toEqual([])
  })

  it('of the simulator, in the contract and in its help', () => {
    expect(withoutDocs(ofSimulator, read('docs/contract.md'))).toEqual([])
    expect(ofSimulator.filter((name) => !HELP.includes(`(${name})`))).toEqual([])
  })
})
