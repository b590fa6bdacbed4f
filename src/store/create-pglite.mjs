// Makes the files of a new embedded store and ends, so that what making them needs is given back to the system: PGlite
// makes them with a second instance and copies them through memory, 400 MB for a store of 40.
// usage: node make-store.mjs FOLDER
import { existsSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

process.umask(0o077)
const folder = process.argv[2]
// Whole or not at all, since PGlite cannot open half of the files. In a folder with other files they are made in place.
const part = mkdtempSync(join(dirname(folder), '.new-store-'))
try {
  const isFree = !existsSync(folder) || readdirSync(folder).length === 0
  const made = isFree ? join(part, 'store') : folder
  const pglite = await PGlite.create(made)
  await pglite.close()
  if (isFree) {
    if (existsSync(folder)) rmdirSync(folder)
    renameSync(made, folder)
  }
} finally {
  rmSync(part, { recursive: true, force: true })
}
process.exit(0)
