import { bilingual, type Language } from './bilingual.ts'

const UNITS = bilingual({ h: '小时', m: '分钟', s: '秒' }, { h: 'h', m: 'min', s: 's' })

/** A duration in ms as `1 小时 30 分钟`, rounded to whole seconds. */
export function durationWords(ms: number, language: Language): string {
  const units = UNITS[language]
  const seconds = Math.round(ms / 1000)
  const parts = [
    [Math.floor(seconds / 3600), units.h],
    [Math.floor((seconds % 3600) / 60), units.m],
    [seconds % 60, units.s],
  ] as const
  const shown = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`)
  return shown.length > 0 ? shown.join(' ') : `0 ${units.s}`
}
