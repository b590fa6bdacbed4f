import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { writeOutdatedStore } from '../fixtures/outdated-store.ts'
import { isolatedSettings, type Program, spawnProgram } from '../harness/process/program.ts'
import { freshDatabase } from '../harness/stores.ts'

/** Waits until the program has exited, and checks its code and its message. */
async function expectRefusal(program: Program, store: string): Promise<void> {
  expect(await program.exited).toBe(2)
  expect(program.stderr()).toContain(store)
  expect(program.stderr()).toMatch(/FollowerNurture 0\.2 or older wrote .*Nothing was changed\./)
  expect(program.stderr()).not.toContain('OutdatedStoreError')
}

describe('a store of 0.1 or 0.2', () => {
  it('makes npm start exit with code 2 and a message', async () => {
    const { env, dataDir, cleanUp } = await isolatedSettings()
    onTestFinished(cleanUp)
    const store = join(dataDir, 'store')
    const pglite = await PGlite.create(store)
    await writeOutdatedStore((text) => pglite.query(text))
    await pglite.close()
    const program = spawnProgram('src/start.ts', env)
    await expectRefusal(program, store)
    expect(program.stderr()).toMatch(/Nothing was changed\..*\nstopping the local Temporal server/s)
    expect(existsSync(join(dataDir, 'lock'))).toBe(false)
  })

  it.skipIf(!inject('postgresUrl')).each(['serve', 'worker'])(
    'makes npm run %s exit with code 2 and a message',
    async (role) => {
      const { env, cleanUp } = await isolatedSettings()
      onTestFinished(cleanUp)
      const databaseUrl = await freshDatabase(inject('postgresUrl'))
      const client = new pg.Client({ connectionString: databaseUrl })
      await client.connect()
      await writeOutdatedStore((text) => client.query(text))
      await client.end()
      const program = spawnProgram(`src/${role}.ts`, {
        ...env,
        WORKER_PORT: env.PORT ?? '',
        DATABASE_URL: databaseUrl,
        ENCRYPTION_KEY: 'test-encryption-key-of-the-tests',
      })
      await expectRefusal(program, 'DATABASE_URL')
    },
  )
})
