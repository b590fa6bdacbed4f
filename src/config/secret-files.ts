import { readFileSync } from 'node:fs'
import { readUtf8 } from '../shared/utf8.ts'

/** Variables whose value may stand in a file instead, named by the same variable with `_FILE` at its end. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'ADMIN_TOKEN',
  'ENCRYPTION_KEY',
  'ENCRYPTION_KEY_PREVIOUS',
  'COMPONENT_APP_ID',
  'COMPONENT_APP_SECRET',
  'COMPONENT_TOKEN',
  'COMPONENT_AES_KEY',
  'COMPONENT_AES_KEY_PREVIOUS',
  // A collector's API key stands in them.
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
] as const

type Environment = Record<string, string | undefined>

/**
 * Reads the secrets that stand in files, as container platforms mount them: an environment shows in `docker inspect`
 * and in crash reports, a file does not. Ends of lines at the end of the file are no part of the value; an empty
 * `NAME` or `NAME_FILE` is as good as none.
 */
export function readSecretFiles(env: Environment): { env: Environment; problems: string[] } {
  const values: Environment = {}
  const problems: string[] = []
  for (const name of SECRET_VARIABLES) {
    const file = env[`${name}_FILE`]
    if (!file) continue
    if (env[name]) {
      problems.push(`${name}: is set, and ${name}_FILE too: only one of them may be`)
      continue
    }
    try {
      const read = readUtf8(readFileSync(file))
      if (!read.ok) {
        problems.push(`${name}_FILE: ${file} ${read.message}`)
        continue
      }
      values[name] = read.text.replace(/[\r\n]+$/, '')
      // No previous key is the usual case, and a mount needs a file all the same.
      if (values[name] === '' && !name.endsWith('_PREVIOUS')) problems.push(`${name}_FILE: ${file} is empty`)
    } catch (err) {
      problems.push(`${name}_FILE: ${file} cannot be read (${codeOf(err)})`)
    }
  }
  return { env: { ...env, ...values }, problems }
}

function codeOf(err: unknown): string {
  return err instanceof Error && 'code' in err ? String(err.code) : String(err)
}
