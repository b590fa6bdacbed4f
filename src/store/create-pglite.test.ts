import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRestartingPglite } from './pglite.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'follower-nurture-new-store-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function openAndClose(folder: string): Promise<unknown> {
  const pglite = await openRestartingPglite(folder)
  const { rows } = await pglite.query('SELECT 1 AS one')
  await pglite.close()
  return rows
}

describe('a new embedded store', () => {
  it.each([
    ['absent', () => {}],
    ['empty', () => mkdirSync(join(dir, 'store'))],
  ])('is created when its folder is %s, without other files', async (_, arrange) => {
    arrange()
    expect(await openAndClose(join(dir, 'store'))).toEqual([{ one: 1 }])
    expect(readdirSync(dir)).toEqual(['store'])
  })

  it('keeps other files in its folder', async () => {
    mkdirSync(join(dir, 'store'))
    writeFileSync(join(dir, 'store', 'note.txt'), 'of an operator')
    expect(await openAndClose(join(dir, 'store'))).toEqual([{ one: 1 }])
    expect(readFileSync(join(dir, 'store', 'note.txt'), 'utf8')).toBe('of an operator')
  })

  it('reports why it cannot be created, and leaves no partial files', async () => {
    writeFileSync(join(dir, 'file'), '')
    await expect(openRestartingPglite(join(dir, 'file', 'store'))).rejects.toThrow(
      /the store could not be created in .*file.*(ENOTDIR|EEXIST)/s,
    )
    expect(existsSync(join(dir, 'file', 'store'))).toBe(false)
    expect(readdirSync(dir)).toEqual(['file'])
  })
})
