import { describe, expect, it } from 'vitest'
import { sizeInLog } from './sqlite-size.ts'

const PAGE = 512
const SALTS = Buffer.from('saltsalt')

function header(): Buffer {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt32BE(PAGE, 8)
  SALTS.copy(bytes, 16)
  return bytes
}

/** A frame; `pages` is the size of the database after a commit, or 0 within a transaction. */
function frame(pages: number, salts = SALTS): Buffer {
  const bytes = Buffer.alloc(24 + PAGE)
  bytes.writeUInt32BE(pages, 4)
  salts.copy(bytes, 8)
  return bytes
}

describe('the size of a SQLite database by its write-ahead log', () => {
  it('is that of the last commit, and an open transaction does not count', () => {
    expect(sizeInLog(Buffer.concat([header(), frame(0), frame(7), frame(9), frame(0)]))).toBe(9 * PAGE)
  })

  it('ignores frames from before the last checkpoint', () => {
    expect(sizeInLog(Buffer.concat([header(), frame(5), frame(90, Buffer.from('oldsalts'))]))).toBe(5 * PAGE)
  })

  it('is 0 without a commit, and without a log', () => {
    expect(sizeInLog(Buffer.concat([header(), frame(0)]))).toBe(0)
    expect(sizeInLog(Buffer.alloc(0))).toBe(0)
  })
})
