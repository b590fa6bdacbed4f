import { existsSync, readFileSync, statSync } from 'node:fs'

const HEADER = 32
const FRAME_HEADER = 24

/**
 * Bytes of a SQLite database in WAL mode, as its last commit left it. The database's own file has that size only after a
 * checkpoint, so the size is read from the last commit in the log. Source: https://www.sqlite.org/fileformat2.html#walformat.
 */
export function sqliteSize(database: string): number {
  const log = `${database}-wal`
  const { size } = statSync(database)
  return (existsSync(log) && sizeInLog(readFileSync(log))) || size
}

/** The size in bytes after the last commit in a log; 0 when the log has none. */
export function sizeInLog(log: Buffer): number {
  if (log.length < HEADER) return 0
  const pageSize = log.readUInt32BE(8)
  const salts = log.subarray(16, 24)
  let pages = 0
  for (let at = HEADER; at + FRAME_HEADER + pageSize <= log.length; at += FRAME_HEADER + pageSize) {
    // A frame with other salts is left from before the last checkpoint, as are all after it.
    if (!log.subarray(at + 8, at + 16).equals(salts)) break
    // 0 in every frame that is not the last of a commit.
    pages = log.readUInt32BE(at + 4) || pages
  }
  return pages * pageSize
}
