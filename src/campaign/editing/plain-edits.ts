import { isRecord } from '../../shared/is-record.ts'

/**
 * What each change of `yaml-edit` makes of the values of a file, whatever its text looks like. A change of a text is compared
 * with it, so that nothing else is changed. The functions change the values that they are given, and return the new top.
 */

/** The keys and indexes that lead to a value. */
export type Path = readonly (string | number)[]

const isIndex = (list: readonly unknown[], key: unknown): key is number =>
  typeof key === 'number' && key >= 0 && key < list.length

/** What a list or a map has at a key; undefined for what has none. */
export function childAt(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return isIndex(value, key) ? value[key] : undefined
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
/** The value at a path; undefined when there is none. */
export const valueAt = (root: unknown, path: Path): unknown => path.reduce<unknown>(childAt, root)

/** Sets the value of a path; undefined removes it. Missing maps above are made, also in the place of other values. */
export function setPlain(root: unknown, path: Path, value: unknown): unknown {
  const key = path.at(-1)
  if (key === undefined) return value
  const above = path.slice(0, -1)
  const container = valueAt(root, above)
  if (Array.isArray(container) && isIndex(container, key)) container[key] = value
  else if (!isRecord(container))
    return value === undefined ? root : setPlain(root, above, Object.fromEntries([[key, value]]))
  else if (value === undefined) delete container[key]
  else Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
  return root
}

/** A list that is missing or empty, or another value in its place, becomes a list of the one item. */
export function insertPlain(root: unknown, list: Path, index: number, value: unknown): unknown {
  const items = valueAt(root, list)
  if (!Array.isArray(items) || items.length === 0) return setPlain(root, list, [value])
  items.splice(index, 0, value)
  return root
}

/** An empty list is removed, except where `keepList` says so. */
export function removePlain(root: unknown, path: Path, keepList: boolean): unknown {
  const list = path.slice(0, -1)
  const items = valueAt(root, list)
  if (!Array.isArray(items)) return root
  items.splice(Number(path.at(-1)), 1)
  return items.length > 0 || keepList ? root : setPlain(root, list, undefined)
}

/** @param to index in the list before the move */
export function movePlain(root: unknown, path: Path, list: Path, to: number): unknown {
  const from = path.slice(0, -1)
  const items = valueAt(root, from)
  if (!Array.isArray(items)) return root
  const target = valueAt(root, list)
  const isMissing = !Array.isArray(target) || target.length === 0
  const into: unknown[] = isMissing ? [] : target
  const top = isMissing ? setPlain(root, list, into) : root
  // Found before the move, which may change the path.
  const owner = valueAt(top, from.slice(0, -1))
  const index = Number(path.at(-1))
  const [item] = items.splice(index, 1)
  into.splice(into === items && to > index ? to - 1 : to, 0, item)
  // The list of all steps stays, and so does one that is an item itself.
  if (items.length === 0 && from.length > 1 && isRecord(owner)) delete owner[String(from.at(-1))]
  return top
}

/** A copy of an item stands below it. */
export function copyPlain(root: unknown, path: Path): unknown {
  const items = valueAt(root, path.slice(0, -1))
  const index = Number(path.at(-1))
  if (Array.isArray(items)) items.splice(index + 1, 0, items[index])
  return root
}
