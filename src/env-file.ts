import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { IN_DOT_ENV } from './database-url.ts'
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
  if (!read.ok) return { env: {}, problems: [`${path}: ${read.message}`] }
  const env = parse(read.text)
  return { env, problems: CUT_URL.test(read.text) ? [`DATABASE_URL: ${IN_DOT_ENV}`] : [] }
}

/** An unquoted value with a # right after another character: dotenv cuts it there, and half a password can look right. */
const CUT_URL = /^[ \t]*(?:export[ \t]+)?DATABASE_URL[ \t]*=[ \t]*[^\s"'`#][^\s#]*#/m
