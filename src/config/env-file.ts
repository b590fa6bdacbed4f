import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { readUtf8 } from '../shared/utf8.ts'
import { DOT_ENV_HINT } from './database-url.ts'

/** The variables of a `.env` file (UTF-8, with or without a byte order mark); none when there is no such file. */
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
  if (!read.ok) return { env: {}, problems: [`${path}: ${read.message}`] }
  const env = parse(read.text)
  return { env, problems: TRUNCATED_URL.test(read.text) ? [`DATABASE_URL: ${DOT_ENV_HINT}`] : [] }
}

/** An unquoted value with a # after another character. dotenv truncates it there, and the rest may look valid. */
const TRUNCATED_URL = /^[ \t]*(?:export[ \t]+)?DATABASE_URL[ \t]*=[ \t]*[^\s"'`#][^\s#]*#/m
