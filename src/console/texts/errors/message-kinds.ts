import { keyIn, MESSAGE_KINDS_ZH, valueNames } from '../../../campaign/texts/message-kinds.ts'
import { timeInBeijing } from '../../../shared/beijing-time.ts'
import type { HoleKind } from '../../../shared/message-texts.ts'
import { ROLES } from '../labels.ts'
import { OUTCOMES } from '../reason-labels.ts'

/** What stands in the holes of the API's messages, in Chinese. */

/** Types of zod. */
const TYPES: Readonly<Record<string, string>> = {
  string: '文字',
  number: '数字',
  int: '整数',
  bigint: '整数',
  boolean: ' true 或 false',
  array: '列表',
  object: '一组字段',
  record: '一组名称和值',
  date: '日期',
  file: '文件',
}

const MODES: Readonly<Record<string, string>> = {
  plain: '明文模式',
  compatible: '兼容模式',
  security: '安全模式',
}

const MEDIA: Readonly<Record<string, string>> = {
  'an image': '图片',
  'a voice': '语音',
  'a video': '视频',
  'a thumb': '封面',
}

const unquoted = (value: string) => value.replace(/^"([\s\S]*)"$/, '$1')

/** One value of zod: `"plain"`, `true`; null for any other text. */
export const literalIn = (value: string): string | null =>
  /^(?:"[^"]*"|[\w.-]+)$/.test(value) ? unquoted(value) : null

/** Values of zod: `"plain"|"security"`. */
export const optionsIn = (list: string): string[] => list.split('|').map(unquoted)

export const API_KINDS: Readonly<Record<string, HoleKind>> = {
  ...MESSAGE_KINDS_ZH,
  type: keyIn(TYPES),
  medium: keyIn(MEDIA),
  mode: keyIn(MODES),
  role: keyIn(ROLES.zh),
  outcome: keyIn(OUTCOMES.zh),
  literal: (given) => {
    const value = literalIn(given)
    return value === null ? null : valueNames([value])
  },
  options: (list) => valueNames(optionsIn(list)),
  time: (iso) => (Number.isNaN(Date.parse(iso)) ? null : timeInBeijing(Date.parse(iso))),
}
