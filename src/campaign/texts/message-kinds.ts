import type { HoleKind } from '../../shared/message-texts.ts'
import { ownValue } from '../../shared/own-value.ts'
import { fieldName, placeName } from './field-names.ts'

/** What stands in the holes of messages, in Chinese: durations, events, fields, hours, lists. */

const EVENTS: Readonly<Record<string, string>> = {
  subscribe: '关注',
  follow: '关注',
  scan: '扫码',
  click: '点击菜单',
  message: '发消息',
  tag: '打标签',
  fact: '写入事实',
  link: '打开链接',
  api: '接口',
  'window-closing': '窗口即将关闭',
  entry: '进入',
}

/** Values of fields, as forms name them. */
const VALUES: Readonly<Record<string, string>> = {
  ...EVENTS,
  exact: '全匹配',
  prefix: '开头匹配',
  contains: '包含',
  hold: '暂缓后补发',
  skip: '跳过',
  completed: '全部完成',
  'goal-reached': '达成目标',
  entered: '进入过',
  never: '从未进入',
  reply: '回复',
  unfollow: '取消关注',
  paused: '已暂停',
  ended: '已结束',
  waiting: '等待中',
  delivered: '已送达',
  failed: '没能送达',
  sun: '周日',
  mon: '周一',
  tue: '周二',
  wed: '周三',
  thu: '周四',
  fri: '周五',
  sat: '周六',
  plain: '明文模式',
  compatible: '兼容模式',
  security: '安全模式',
  'wechat-2023': '2023 年起的规则',
  'classic-48h': '原 48 小时规则',
  retry: '再发一次',
  'assume-sent': '当作已发',
  viewer: '只读',
  operator: '运营',
  admin: '管理员',
}

const BRANCH_KINDS: Readonly<Record<string, string>> = {
  on: '事件',
  when: '条件',
  share: '占比',
  none: '没有选',
}

const UNITS: Readonly<Record<string, string>> = { h: '小时', min: '分钟', s: '秒' }

/** A kind of hole that takes the keys of a table. Its value is null for any other text. */
export const keyIn =
  (table: Readonly<Record<string, string>>) =>
  (key: string): string | null =>
    ownValue(table, key) ?? null

const nameOfValue = keyIn(VALUES)
const nameOfEvent = keyIn(EVENTS)

/** The items of `a, b or c` and `a, b and c`. */
const itemsOf = (list: string) => list.split(/, | or | and /)

/** Items of a table, or of names without spaces, joined; null when one is neither. */
function joined(items: readonly string[], nameOf: (item: string) => string | null, word: string) {
  const names = items.map(nameOf)
  const known = names.filter((name) => name !== null)
  if (known.length < names.length || known.length === 0) return null
  return known.length === 1 ? (known[0] ?? null) : `${known.slice(0, -1).join('、')}${word}${known.at(-1)}`
}

function valueName(value: string): string | null {
  const name = nameOfValue(value)
  if (name !== null) return `${name}（${value}）`
  return /^[^\s,]+$/.test(value) ? value : null
}

/** Values of a field, one of which may be chosen; null when one is no value but a text. */
export function valueNames(values: readonly string[]): string | null {
  const names = joined(values, valueName, ' 或 ')
  return names?.replace(/） 或 (?=[\u4e00-\u9fff])/, '）或').replace('） 或', '）或') ?? null
}

function fieldInForm(field: string): string | null {
  const name = fieldName(field, 'zh')
  return name === undefined ? null : `${name}（${field}）`
}

/** `22 h 5 min` as 22 小时 5 分钟. */
function span(given: string): string | null {
  const parts = given.match(/\d+ (?:h|min|s)(?= |$)/g) ?? []
  if (parts.length === 0 || parts.join(' ') !== given) return null
  return parts.map((part) => part.replace(/[a-z]+/, (unit) => UNITS[unit] ?? unit)).join(' ')
}

/** `between 23:00 and 02:00 and between 05:00 and 06:00`, or `at all hours`. */
function hours(given: string): string | null {
  if (given === 'at all hours') return '任何时间'
  const parts = given.split(' and between ').map((part) => part.replace(/^between /, ''))
  const all = parts.map((part) => part.replace(' and ', ' 至 '))
  return given.startsWith('between ') ? `${all.join('、')} ` : null
}

/** `22:00–08:00`, perhaps with the account that has these quiet hours. */
function quiet(given: string): string | null {
  const [, times, account] = /^([\d:]+–[\d:]+)(?: of account (\S+))?$/.exec(given) ?? []
  if (times === undefined) return null
  return account === undefined ? times : `${times}，公众号 ${account} 的设置`
}

/** The kinds of holes in the messages about campaigns and accounts. */
export const MESSAGE_KINDS_ZH: Readonly<Record<string, HoleKind>> = {
  span,
  hours,
  quiet,
  weekdays: (list) => joined(itemsOf(list), nameOfValue, '、'),
  event: nameOfEvent,
  events: (list) => joined(itemsOf(list), nameOfEvent, '、'),
  field: fieldInForm,
  kind: (name) => fieldName(name, 'zh') ?? null,
  kinds: (list) => joined(itemsOf(list), (name) => fieldName(name, 'zh') ?? null, '、'),
  branchkinds: (list) => joined(itemsOf(list), keyIn(BRANCH_KINDS), '、'),
  or: (list) => valueNames(itemsOf(list)),
  and: (list) => joined(itemsOf(list), (item) => item, '、'),
  list: (list) => list.replaceAll(', ', '、'),
  place: (path) => (/^[A-Za-z]+(?:\.\w+)*$/.test(path) ? placeName(path, 'zh') : null),
  reasons: (list, translate) => joined(list.split('; '), translate, '；'),
}
