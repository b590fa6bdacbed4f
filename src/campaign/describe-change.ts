import type { CampaignChange } from './diff.ts'
import { formatDuration } from './duration.ts'

/** A change in words, in both languages. */
export interface ChangeText {
  en: string
  zh: string
}

/** Fields that are durations in ms, by the last part of their path. */
const DURATIONS = new Set(['after', 'before', 'wait', 'typing', 'spacing', 'window', 'spread', 'within'])
/** A longer value is cut: the API has it whole. */
const VALUE_MAX = 120

const OF: Record<CampaignChange['of'], ChangeText> = {
  campaign: { en: 'campaign', zh: '活动' },
  step: { en: 'step', zh: '步骤' },
  fork: { en: 'fork', zh: '分支' },
}

/** A change as one sentence, like `step hint: after changed from 20s to 30s`. */
export function describeChange(change: CampaignChange): ChangeText {
  const { kind, of, id, field, from, to } = change
  const where = {
    en: id === null ? OF[of].en : `${OF[of].en} ${id}`,
    zh: id === null ? OF[of].zh : `${OF[of].zh} ${id}`,
  }
  switch (kind) {
    case 'added':
      return { en: `${where.en}: added ${placeText(to).en}`, zh: `${where.zh}：新增，${placeText(to).zh}` }
    case 'removed':
      return {
        en: `${where.en}: removed; it was ${placeText(from).en}`,
        zh: `${where.zh}：删除，原先${placeText(from).zh}`,
      }
    case 'moved':
      return {
        en: `${where.en}: moved ${placeText(to).en}; it was ${placeText(from).en}`,
        zh: `${where.zh}：移动，${placeText(to).zh}；原先${placeText(from).zh}`,
      }
    case 'changed':
      return fieldText(where, field ?? '', from, to)
    default:
      return kind satisfies never
  }
}

function fieldText(where: ChangeText, field: string, from: unknown, to: unknown): ChangeText {
  const [old, now] = [valueText(field, from), valueText(field, to)]
  if (from === undefined)
    return { en: `${where.en}: ${field} added: ${now}`, zh: `${where.zh}：新增 ${field}：${now}` }
  if (to === undefined)
    return {
      en: `${where.en}: ${field} removed; it was ${old}`,
      zh: `${where.zh}：删除 ${field}，原先是 ${old}`,
    }
  return {
    en: `${where.en}: ${field} changed from ${old} to ${now}`,
    zh: `${where.zh}：${field} 由 ${old} 改为 ${now}`,
  }
}

/** Where a step stands. `list` is `steps`, or a fork and its branch. */
function placeText(value: unknown): ChangeText {
  const { list, after } = value as { list: string; after: string | null }
  const inside = list === 'steps' ? { en: '', zh: '' } : { en: ` in ${list}`, zh: `在 ${list} 中` }
  return after === null
    ? { en: `at the beginning${inside.en.replace(' in ', ' of ')}`, zh: `${inside.zh}位于最前` }
    : { en: `after ${after}${inside.en}`, zh: `${inside.zh}位于 ${after} 之后` }
}

/** A value of a field as one line: durations as in files, long values cut. */
export function valueText(field: string, value: unknown): string {
  const name = field.split('.').at(-1) ?? ''
  if (typeof value === 'number' && DURATIONS.has(name)) return formatDuration(value)
  if (typeof value === 'string' && !/\s/.test(value) && value.length > 0) return cut(value)
  return cut(JSON.stringify(value, withDurations) ?? '–')
}

const withDurations = (name: string, value: unknown) =>
  typeof value === 'number' && DURATIONS.has(name) ? formatDuration(value) : value

const cut = (text: string) => {
  const characters = [...text]
  return characters.length > VALUE_MAX ? `${characters.slice(0, VALUE_MAX).join('')}…` : text
}
