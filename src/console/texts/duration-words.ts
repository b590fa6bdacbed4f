import type { Language } from './bilingual.ts'
import { EDITOR_TEXTS } from './editor-texts.ts'

/** A duration in ms as `1 小时 30 分钟`, rounded to whole seconds. */
export const durationWords = (ms: number, language: Language): string =>
  durationIn(EDITOR_TEXTS[language].units, ms, 3)

/** The same in given units. @param parts at most as many units, the largest first */
export function durationIn(
  units: Readonly<Record<'h' | 'm' | 's', string>>,
  ms: number,
  parts: number,
): string {
  const seconds = Math.round(ms / 1000)
  const all = [
    [Math.floor(seconds / 3600), units.h],
    [Math.floor((seconds % 3600) / 60), units.m],
    [seconds % 60, units.s],
  ] as const
  const shown = all.filter(([n]) => n > 0).slice(0, parts)
  return shown.length > 0 ? shown.map(([n, unit]) => `${n} ${unit}`).join(' ') : `0 ${units.s}`
}
