import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exitWithUsage, readOptions } from './read-options.ts'

const USAGE = 'npm run example -- [--count N]'
const read = (...args: string[]) =>
  readOptions(USAGE, { args, options: { count: { type: 'string', default: '1' } } }).values

let printed: { out: string; err: string }
beforeEach(() => {
  printed = { out: '', err: '' }
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`)
  })
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.err += text
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

describe('the options of a development command', () => {
  it('have defaults and values', () => {
    expect(read().count).toBe('1')
    expect(read('--count', '7').count).toBe('7')
  })

  it.each([
    ['an unknown option', ['--nonsense'], "Unknown option '--nonsense'."],
    ['an argument', ['nonsense'], "Unexpected argument 'nonsense'."],
    ['an option without a value', ['--count'], "Option '--count <value>' argument missing."],
    ['an ambiguous value', ['--count', '--x'], "Option '--count' argument is ambiguous."],
  ])('print one line and the usage for %s, and exit with 2', (_, args, line) => {
    expect(() => read(...args)).toThrow('exit 2')
    expect(printed).toEqual({ out: '', err: `${line}\n${USAGE}\n` })
  })

  it.each(['--help', '-h'])('print the usage for %s and exit with 0', (flag) => {
    expect(() => read(flag)).toThrow('exit 0')
    expect(printed).toEqual({ out: `${USAGE}\n`, err: '' })
  })

  it('exit with 2 and a message for an invalid value', () => {
    expect(() => exitWithUsage(USAGE, 'The count is not a number.')).toThrow('exit 2')
    expect(printed.err).toBe(`The count is not a number.\n${USAGE}\n`)
  })
})
