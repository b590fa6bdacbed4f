import { isRecord } from '../../shared/is-record.ts'
import type { Menu } from '../../wechat/rules/menu.ts'

export const FIRST_LEVEL = 3
export const SECOND_LEVEL = 5
/** The kinds of buttons that the form edits. The others are kept as they are. */
export const BUTTON_KINDS = ['click', 'view', 'miniprogram'] as const

type Button = Menu['button'][number]
type Field = (name: string) => string

/** The places of buttons, like `0` and `0-4`: the second level has its parent first. */
const MENU_PLACES: readonly string[] = Array.from({ length: FIRST_LEVEL }, (_, i) => [
  String(i),
  ...Array.from({ length: SECOND_LEVEL }, (_, j) => `${i}-${j}`),
]).flat()

/** The fields of one button: name, kind, key or address, AppID and page of a mini program, and a button of another kind as JSON. */
const PARTS = ['name', 'kind', 'value', 'appid', 'page', 'other'] as const
type Part = (typeof PARTS)[number]
export const fieldName = (part: Part, place: string): string => `${part}-${place}`
export const MENU_FIELDS: readonly string[] = MENU_PLACES.flatMap((place) =>
  PARTS.map((part) => fieldName(part, place)),
)

/** The values of the form for a menu. */
export function menuValues(menu: Menu | null): Record<string, string> {
  const values: Record<string, string> = {}
  const put = (place: string, button: Button) => {
    const { name, type = '', sub_button: _, ...rest } = button
    values[fieldName('name', place)] = name
    const kind = BUTTON_KINDS.find((known) => known === type)
    values[fieldName('kind', place)] = kind ?? (type === '' ? 'click' : 'other')
    if (kind === undefined && type !== '')
      values[fieldName('other', place)] = JSON.stringify({ type, ...rest })
    const text = (value: unknown) => (typeof value === 'string' ? value : '')
    values[fieldName('value', place)] = text(kind === 'click' ? rest.key : rest.url)
    values[fieldName('appid', place)] = text(rest.appid)
    values[fieldName('page', place)] = text(rest.pagepath)
  }
  for (const [i, button] of (menu?.button ?? []).slice(0, FIRST_LEVEL).entries()) {
    put(String(i), button)
    for (const [j, sub] of (button.sub_button ?? []).slice(0, SECOND_LEVEL).entries()) put(`${i}-${j}`, sub)
  }
  return values
}

/** The part of a button that a field has; null: no field of a menu. */
export function partOf(name: string): Part | null {
  return PARTS.find((part) => name.startsWith(`${part}-`)) ?? null
}

/** A menu that was typed, and the place in the form of each of its buttons, by their paths in the menu. */
interface TypedMenu {
  menu: { button: unknown[] }
  fieldOf(path: string): string
}

/** Reads the form. Empty rows are left out, so the buttons behind them move up. */
export function readMenuForm(field: Field): TypedMenu {
  const places = new Map<string, string>()
  const isUsed = (place: string) =>
    (['name', 'value', 'appid', 'page'] as const).some((part) => field(fieldName(part, place)).trim() !== '')
  const button: unknown[] = []
  for (let i = 0; i < FIRST_LEVEL; i++) {
    const subs = Array.from({ length: SECOND_LEVEL }, (_, j) => `${i}-${j}`).filter(isUsed)
    if (subs.length === 0 && !isUsed(String(i))) continue
    const path = `button.${button.length}`
    places.set(path, String(i))
    for (const [j, place] of subs.entries()) places.set(`${path}.sub_button.${j}`, place)
    const name = field(fieldName('name', String(i))).trim()
    button.push(
      subs.length > 0
        ? { name, sub_button: subs.map((place) => readButton(field, place)) }
        : readButton(field, String(i)),
    )
  }
  return { menu: { button }, fieldOf: (path) => fieldOfPath(path, places) }
}

function readButton(field: Field, place: string): object {
  const get = (part: Part) => field(fieldName(part, place)).trim()
  const name = get('name')
  switch (get('kind')) {
    case 'view':
      return { type: 'view', name, url: get('value') }
    case 'miniprogram':
      return { type: 'miniprogram', name, url: get('value'), appid: get('appid'), pagepath: get('page') }
    case 'other':
      return { ...otherButton(get('other')), name }
    default:
      return { type: 'click', name, key: get('value') }
  }
}

/** A button of a kind that the form does not edit. */
function otherButton(json: string): object {
  try {
    const read: unknown = JSON.parse(json)
    return isRecord(read) ? read : {}
  } catch {
    return {}
  }
}

const PART_OF: Readonly<Record<string, Part>> = {
  name: 'name',
  type: 'kind',
  key: 'value',
  url: 'value',
  appid: 'appid',
  pagepath: 'page',
}

function fieldOfPath(path: string, places: ReadonlyMap<string, string>): string {
  const at = path.lastIndexOf('.')
  const place = places.get(path.slice(0, at))
  return place === undefined ? '' : fieldName(PART_OF[path.slice(at + 1)] ?? 'kind', place)
}
