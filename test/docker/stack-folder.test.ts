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
  it('is in the checkout', () => {
    expect(defaultFolder(home)).toBe(join(home, '.data/cluster'))
    expect(postgresFolderProblem(join(home, 'my 项目'))).toBeNull()
  })

  it.runIf(isRoot)('is one of the system’s where root’s PostgreSQL may not enter the checkout', () => {
    chmodSync(home, 0o700)
    const folder = defaultFolder(home)
    expect(folder).toMatch(/^\/var\/lib\/follower-nurture-cluster-[0-9a-f]{12}$/)
    expect(defaultFolder(home)).toBe(folder)
    expect(defaultFolder(join(home, 'another'))).not.toBe(folder)
    expect(postgresFolderProblem(join(home, 'mine'))).toMatch(`cannot enter ${home}: choose another --folder`)
  })

  it.runIf(isRoot)('stays where a stack is; what is in its way is told', () => {
    mkdirSync(join(home, '.data/cluster/postgres/data'), { recursive: true })
    chmodSync(join(home, '.data'), 0o700)
    const folder = defaultFolder(home)
    expect(folder).toBe(join(home, '.data/cluster'))
    expect(postgresFolderProblem(folder)).toMatch(`cannot enter ${join(home, '.data')}:`)
  })

  it('is not deeper than a socket’s path may be long', () => {
    expect(postgresFolderProblem(join(home, '很长的名字'.repeat(6)))).toMatch('too long a path')
  })
})
