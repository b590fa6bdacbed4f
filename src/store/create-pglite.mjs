// Creates the files of a new embedded store and exits, which returns the memory to the system: PGlite uses a second
// instance and copies the files through memory, 400 MB for a store of 40 MB.
// usage: node create-pglite.mjs FOLDER
import { existsSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

process.umask(0o077)
const folder = process.argv[2]
// Renamed when complete, since PGlite cannot open partial files. A folder with other files is filled in place.
const part = mkdtempSync(join(dirname(folder), '.new-store-'))
try {
  const isEmpty = !existsSync(folder) || readdirSync(folder).length === 0
  const created = isEmpty ? join(part, 'store') : folder
  const pglite = await PGlite.create(created)
  await pglite.close()
  if (isEmpty) {
    if (existsSync(folder)) rmdirSync(folder)
    renameSync(created, folder)
  }
} finally {
  rmSync(part, { recursive: true, force: true })
}
process.exit(0)
