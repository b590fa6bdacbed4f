import { readFileSync } from 'node:fs'
import { readUtf8 } from '../shared/utf8.ts'

/** Variables whose value may be in a file, which the variable with the suffix `_FILE` names. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'VISIBILITY_DATABASE_URL',
  'ADMIN_TOKEN',
  'ENCRYPTION_KEY',
  'ENCRYPTION_KEY_PREVIOUS',
  'COMPONENT_APP_ID',
  'COMPONENT_APP_SECRET',
  'COMPONENT_TOKEN',
  'COMPONENT_AES_KEY',
  'COMPONENT_AES_KEY_PREVIOUS',
  // They may contain the API key of a collector.
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
] as const

type Environment = Record<string, string | undefined>

/**
 * Reads secrets from files, as container platforms mount them. Unlike variables, files are not visible in `docker inspect`
 * and crash reports. Line ends at the end of the file are removed. An empty `NAME` or `NAME_FILE` counts as unset.
 */
export function readSecretFiles(env: Environment): { env: Environment; problems: string[] } {
  const values: Environment = {}
  const problems: string[] = []
  for (const name of SECRET_VARIABLES) {
    const file = env[`${name}_FILE`]
    if (!file) continue
    if (env[name]) {
      problems.push(`${name}: both ${name} and ${name}_FILE are set. Unset one of them`)
      continue
    }
    try {
      const read = readUtf8(readFileSync(file))
      if (!read.ok) {
        problems.push(`${name}_FILE: ${file} ${read.message}`)
        continue
      }
      values[name] = read.text.replace(/[\r\n]+$/, '')
      // There is usually no previous key, but a mount needs a file.
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
