import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultFolder, postgresFolderProblem } from '../../scripts/cluster/default-folder.ts'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'

const isRoot = process.getuid?.() === 0
let home: string
beforeEach(() => {
  home = temporaryFolder('fn-')
  chmodSync(home, 0o755)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('the folder of the production stack without containers', () => {
  it('is in the checkout by default', () => {
    expect(defaultFolder(home)).toBe(join(home, '.data/cluster'))
    expect(postgresFolderProblem(join(home, 'my 项目'))).toBeNull()
  })

  it.runIf(isRoot)('is below /var/lib where root’s PostgreSQL cannot enter the checkout', () => {
    chmodSync(home, 0o700)
    const folder = defaultFolder(home)
    expect(folder).toMatch(/^\/var\/lib\/follower-nurture-cluster-[0-9a-f]{12}$/)
    expect(defaultFolder(home)).toBe(folder)
    expect(defaultFolder(join(home, 'another'))).not.toBe(folder)
    expect(postgresFolderProblem(join(home, 'cluster'))).toMatch(
      `cannot enter ${home}. Choose another --folder`,
    )
  })

  it.runIf(isRoot)(
    'stays where a stack exists; the error names the folder that PostgreSQL cannot enter',
    () => {
      mkdirSync(join(home, '.data/cluster/postgres/data'), { recursive: true })
      chmodSync(join(home, '.data'), 0o700)
      const folder = defaultFolder(home)
      expect(folder).toBe(join(home, '.data/cluster'))
      expect(postgresFolderProblem(folder)).toMatch(`cannot enter ${join(home, '.data')}.`)
    },
  )

  it('is refused where the path of PostgreSQL’s socket would be too long', () => {
    expect(postgresFolderProblem(join(home, '很长的名字'.repeat(6)))).toMatch('is too long for PostgreSQL')
  })
})
