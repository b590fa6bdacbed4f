import { MESSAGE_KINDS_ZH, valueNames } from '../../../campaign/texts/message-kinds.ts'
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

const of =
  (table: Readonly<Record<string, string>>): HoleKind =>
  (key) =>
    Object.hasOwn(table, key) ? (table[key] ?? null) : null

const unquoted = (value: string) => value.replace(/^"([\s\S]*)"$/, '$1')

export const API_KINDS: Readonly<Record<string, HoleKind>> = {
  ...MESSAGE_KINDS_ZH,
  type: of(TYPES),
  medium: of(MEDIA),
  mode: of(MODES),
  role: of(ROLES.zh),
  outcome: of(OUTCOMES.zh),
  /** One value of zod: `"plain"`, `true`. */
  literal: (value) => (/^(?:"[^"]*"|[\w.-]+)$/.test(value) ? valueNames([unquoted(value)]) : null),
  /** Values of zod: `"plain"|"security"`. */
  options: (list) => valueNames(list.split('|').map(unquoted)),
  time: (iso) => (Number.isNaN(Date.parse(iso)) ? null : timeInBeijing(Date.parse(iso))),
}
