import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of the files in a folder and its subfolders. */
export function folderSize(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    try {
      const found = statSync(join(folder, name))
      if (found.isFile()) bytes += found.size
    } catch {
      // The server has just removed it.
    }
  }
  return bytes
}
