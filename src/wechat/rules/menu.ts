import { isRecord } from '../../shared/is-record.ts'

/** One error in a menu, with its path, `button.0.name` for example. */
interface MenuIssue {
  path: string
  message: string
}

/** A custom menu (自定义菜单) in the form of WeChat's menu API. */
export interface Menu {
  button: MenuButton[]
}

interface MenuButton {
  name: string
  type?: string
  sub_button?: MenuButton[]
  [field: string]: unknown
}

const FIRST_LEVEL_MAX = 3
const SECOND_LEVEL_MAX = 5
const NAME_MAX_BYTES = { first: 16, second: 60 }
const KEY_MAX_BYTES = 128
const URL_MAX_BYTES = 1024

/** The button types of `menu/create`, with their required fields. Source: 创建自定义菜单. */
const FIELDS: Record<string, readonly string[]> = {
  click: ['key'],
  view: ['url'],
  scancode_push: ['key'],
  scancode_waitmsg: ['key'],
  pic_sysphoto: ['key'],
  pic_photo_or_album: ['key'],
  pic_weixin: ['key'],
  location_select: ['key'],
  media_id: ['media_id'],
  view_limited: ['media_id'],
  miniprogram: ['url', 'appid', 'pagepath'],
  article_id: ['article_id'],
  article_view_limited: ['article_id'],
}
/** Button types that only WeChat's console can create. Source: 查询自定义菜单信息. */
const CONSOLE_ONLY = new Set(['text', 'img', 'photo', 'video', 'voice', 'news'])

/** Finds every error in a menu, with paths like `button.0.sub_button.1.key`. A value without errors is a `Menu`. */
export function checkMenu(value: unknown): MenuIssue[] {
  if (!isRecord(value)) return [{ path: '', message: 'must be an object {button: [...]}' }]
  const issues = unknownFields(value, ['button'], '')
  const buttons = value.button
  if (!Array.isArray(buttons)) return [...issues, { path: 'button', message: 'must be a list of buttons' }]
  if (buttons.length < 1 || buttons.length > FIRST_LEVEL_MAX) {
    const message = `must have 1 to ${FIRST_LEVEL_MAX} buttons, not ${buttons.length}`
    issues.push({ path: 'button', message })
  }
  return [...issues, ...buttons.flatMap((b: unknown, i) => checkButton(b, `button.${i}`, 'first'))]
}

function checkButton(button: unknown, path: string, level: 'first' | 'second'): MenuIssue[] {
  if (!isRecord(button)) return [{ path, message: 'must be an object' }]
  const issues = checkText(button.name, `${path}.name`, NAME_MAX_BYTES[level])
  const subs = button.sub_button
  // WeChat's own answers have an empty list in every button without a second level.
  const isParent = subs !== undefined && !(Array.isArray(subs) && subs.length === 0)
  if (!isParent) return [...issues, ...checkAction(button, path)]
  issues.push(...unknownFields(button, ['name', 'sub_button'], path, 'does not go with sub_button'))
  const at = `${path}.sub_button`
  if (level === 'second') return [...issues, { path: at, message: 'a menu has two levels only' }]
  if (!Array.isArray(subs)) return [...issues, { path: at, message: 'must be a list of buttons' }]
  if (subs.length > SECOND_LEVEL_MAX) {
    issues.push({ path: at, message: `must have ${SECOND_LEVEL_MAX} buttons at most, not ${subs.length}` })
  }
  return [...issues, ...subs.flatMap((b: unknown, i) => checkButton(b, `${at}.${i}`, 'second'))]
}

/** Checks the type of a button without a second level, and the fields of that type. */
function checkAction(button: Record<string, unknown>, path: string): MenuIssue[] {
  const { type } = button
  const at = `${path}.type`
  if (type === undefined) return [{ path: at, message: 'is missing (or sub_button)' }]
  if (typeof type === 'string' && CONSOLE_ONLY.has(type)) {
    const message = `${type} buttons can be created in WeChat's console only; use click, and a campaign that answers its key`
    return [{ path: at, message }]
  }
  const fields = typeof type === 'string' && Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined
  if (!fields) return [{ path: at, message: `must be one of ${Object.keys(FIELDS).join(', ')}` }]
  return [
    ...unknownFields(button, ['name', 'type', 'sub_button', ...fields], path),
    ...fields.flatMap((field) => checkField(button[field], `${path}.${field}`, field)),
  ]
}

function checkField(value: unknown, path: string, field: string): MenuIssue[] {
  const issues = checkText(value, path, field === 'url' ? URL_MAX_BYTES : KEY_MAX_BYTES)
  if (issues.length > 0 || field !== 'url' || /^https?:\/\/\S+$/.test(String(value))) return issues
  return [{ path, message: 'must begin with http:// or https://' }]
}

function checkText(value: unknown, path: string, maxBytes: number): MenuIssue[] {
  if (value === undefined) return [{ path, message: 'is missing' }]
  if (typeof value !== 'string') return [{ path, message: 'must be a text: write it in quotes' }]
  if (value.trim() === '') return [{ path, message: 'must be a text' }]
  const bytes = new TextEncoder().encode(value).length
  if (bytes <= maxBytes) return []
  return [{ path, message: `has ${bytes} bytes, ${maxBytes} at most (a Chinese character has 3)` }]
}

function unknownFields(
  value: Record<string, unknown>,
  known: readonly string[],
  path: string,
  message?: string,
): MenuIssue[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: path ? `${path}.${key}` : key, message: message ?? `unknown field "${key}"` }))
}

/**
 * Converts WeChat's answer to the form of `menu/create`. `get_current_selfmenu_info` wraps the second level in `list`, and
 * `menu/get` has an empty second level in every button. Returns null when there are no buttons.
 */
export function readMenu(answer: { button?: unknown } | null | undefined): Menu | null {
  const button = readButtons(answer?.button)
  return button.length > 0 ? { button } : null
}

function readButtons(list: unknown): MenuButton[] {
  if (!Array.isArray(list)) return []
  return list.filter(isRecord).map(({ sub_button, name, ...rest }) => {
    const subs = readButtons(isRecord(sub_button) ? sub_button.list : sub_button)
    return { ...rest, name: String(name ?? ''), ...(subs.length > 0 ? { sub_button: subs } : {}) }
  })
}
