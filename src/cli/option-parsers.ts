import type { ArgsDef } from 'citty'
import { parseDuration } from '../campaign/duration.ts'
import { UsageError } from './cli-command.ts'

export const rulesOption = {
  rules: {
    type: 'enum',
    options: ['wechat-2023', 'classic-48h'],
    description: "The account's rules (default: wechat-2023)",
  },
} satisfies ArgsDef

/** @throws UsageError */
export function parseRules(given: string | undefined): 'wechat-2023' | 'classic-48h' | undefined {
  if (given === undefined || given === 'wechat-2023' || given === 'classic-48h') return given
  throw new UsageError(`--rules is wechat-2023 or classic-48h, not ${given}`)
}

/** `40s,10m` in ms. @throws UsageError */
export function parseDurations(option: string, given: string | undefined): number[] {
  return (given ? given.split(',') : []).map((text) => {
    const ms = parseDuration(text.trim())
    if (ms === null) throw new UsageError(`--${option}: "${text}" is no duration, like 40s or 22h`)
    return ms
  })
}

/** Every value of an option that may stand several times: `--var a=1 --var=b=2`. */
export function repeatedOption(option: string, rawArgs: readonly string[]): string[] {
  const end = rawArgs.indexOf('--')
  return (end < 0 ? rawArgs : rawArgs.slice(0, end)).flatMap((raw, i) => {
    if (raw === `--${option}`) return [rawArgs[i + 1] ?? '']
    return raw.startsWith(`--${option}=`) ? [raw.slice(option.length + 3)] : []
  })
}

/** `key=value` pairs; a value may hold anything. @throws UsageError */
export function parsePairs(option: string, given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const equals = text.indexOf('=')
      if (equals < 1) throw new UsageError(`--${option}: write key=value, not "${text}"`)
      return [text.slice(0, equals), text.slice(equals + 1)]
    }),
  )
}
