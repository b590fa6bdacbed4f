import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const LINES = 15
const MAX_BYTES = 4_096

/** The path of a log and its last lines, for an error message. */
export function lastLines(logFile: string): string {
  const lines = tail(logFile)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-LINES)
  if (lines.length === 0) return `Its log is empty: ${logFile}`
  return [`The last lines of its log, ${logFile}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

/** The end of a file, at most `MAX_BYTES`, from the start of a line; '' when there is no such file. */
function tail(file: string): string {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(size, MAX_BYTES))
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length)
    const text = buffer.toString('utf8', 0, read)
    return size > buffer.length ? text.slice(text.indexOf('\n') + 1) : text
  } finally {
    closeSync(fd)
  }
}
