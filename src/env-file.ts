import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { readUtf8 } from './utf8.ts'

/** The variables of a `.env` file; none where there is no such file. UTF-8, with or without a byte order mark. */
export function readEnvFile(path: string): { env: Record<string, string>; problems: string[] } {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : String(err)
    const problems = code === 'ENOENT' ? [] : [`${path}: cannot be read (${code})`]
    return { env: {}, problems }
  }
  const read = readUtf8(bytes)
  return read.ok
    ? { env: parse(read.text), problems: [] }
    : { env: {}, problems: [`${path}: ${read.message}`] }
}
