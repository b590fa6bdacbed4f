import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lastLines } from './last-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-lines-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the last lines of a log', () => {
  const file = join(folder, 'a log')
  const linesOf = (text: string) => {
    writeFileSync(file, text)
    return lastLines(file).split('\n').slice(1)
  }

  it('follow the path of the log', () => {
    writeFileSync(file, 'one\n')
    expect(lastLines(file)).toBe(`The last lines of its log, ${file}:\n  one`)
  })

  it('are at most fifteen, without empty lines', () => {
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`)
    expect(linesOf(`${lines.join('\n\n')}\r\n`)).toEqual(lines.slice(-15).map((line) => `  ${line}`))
  })

  it('start with a complete line in a long log, also with characters of three bytes', () => {
    const lines = linesOf(Array.from({ length: 400 }, (_, i) => `第${i}行：${'长'.repeat(150)}`).join('\n'))
    expect(lines.at(-1)).toMatch(/^ {2}第399行：长{150}$/)
    for (const line of lines) expect(line).toMatch(/^ {2}第\d+行：长{150}$/)
  })

  it.each([
    ['empty', ''],
    ['all blank lines', '\n \n'],
  ])('report that the log is empty when it is %s', (_, text) => {
    writeFileSync(file, text)
    expect(lastLines(file)).toBe(`Its log is empty: ${file}`)
  })

  it('report that the log is empty when there is none', () => {
    expect(lastLines(join(folder, 'none'))).toBe(`Its log is empty: ${join(folder, 'none')}`)
  })
})
