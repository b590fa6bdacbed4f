import type { ArgsDef } from 'citty'
import { parseDuration } from '../campaign/duration.ts'
import { UsageError } from './command.ts'

export const rulesOption = {
  rules: {
    type: 'enum',
    options: ['wechat-2023', 'classic-48h'],
    description: "The account's rules (default: wechat-2023)",
  },
} satisfies ArgsDef

/** @throws UsageError */
export function rulesOf(given: string | undefined): 'wechat-2023' | 'classic-48h' | undefined {
  if (given === undefined || given === 'wechat-2023' || given === 'classic-48h') return given
  throw new UsageError(`--rules is wechat-2023 or classic-48h, not ${given}`)
}

/** `40s,10m` in ms. @throws UsageError */
export function durationsOf(option: string, given: string | undefined): number[] {
  return (given ? given.split(',') : []).map((text) => {
    const ms = parseDuration(text.trim())
    if (ms === null) throw new UsageError(`--${option}: "${text}" is no duration, like 40s or 22h`)
    return ms
  })
}
