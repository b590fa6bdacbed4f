import { isRecord } from '../../shared/is-record.ts'
import { listOf } from '../../shared/list-of.ts'
import { childAt } from './plain-edits.ts'
import { CannotEdit, plainFields } from './plain-values.ts'
import { copyItem, type Path, setField } from './yaml-edit.ts'

export { listOf } from '../../shared/list-of.ts'
export { childAt, valueAt } from './plain-edits.ts'

/** A campaign file as plain values, for a form: what it has, with errors or without. */

export type Fields = Readonly<Record<string, unknown>>
export type ReadFile = { fields: Fields; problem: null } | { fields: null; problem: string }

/** Reads a file of any state. */
export function readFile(source: string): ReadFile {
  try {
    return { fields: plainFields(source), problem: null }
  } catch (err) {
    if (!(err instanceof CannotEdit)) throw err
    return { fields: null, problem: err.message }
  }
}

/** The path of an issue, with numbers for the items of lists. */
export function pathIn(fields: Fields, path: string): Path {
  let at: unknown = fields
  return (path === '' ? [] : path.split('.')).map((part) => {
    const key = Array.isArray(at) ? Number(part) : part
    at = childAt(at, key)
    return key
  })
}
/** A value as a text field shows it. A list, a map or no value is ''. */
export const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''

/** A card of the editor. `depth`: in how many branches it is. */
export interface Card {
  kind: 'step' | 'fork' | 'branch' | 'end'
  path: Path
  fields: Fields
  depth: number
  /** Of the steps and forks, counted from 1 in the order of the file. */
  number: number
}

/** All cards of a file, from the top: what the keys walk through. */
export function cardsOf(fields: Fields): Card[] {
  const cards: Card[] = []
  let number = 0
  const walk = (items: unknown, list: Path, depth: number): void => {
    for (const [i, item] of listOf(items).entries()) {
      const path = [...list, i]
      if (item === 'end') cards.push({ kind: 'end', path, fields: {}, depth, number })
      if (!isRecord(item)) continue
      number++
      const isFork = 'branches' in item
      cards.push({ kind: isFork ? 'fork' : 'step', path, fields: item, depth, number })
      if (!isFork) continue
      walk(item.meanwhile, [...path, 'meanwhile'], depth + 1)
      for (const [b, branch] of listOf(item.branches).entries()) {
        const at = [...path, 'branches', b]
        if (!isRecord(branch)) continue
        cards.push({ kind: 'branch', path: at, fields: branch, depth: depth + 1, number })
        walk(branch.steps, [...at, 'steps'], depth + 2)
      }
      walk(item.else, [...path, 'else'], depth + 2)
    }
  }
  walk(fields.steps, ['steps'], 0)
  return cards
}

/** The ids of all steps and forks. */
const idsOf = (fields: Fields): string[] =>
  cardsOf(fields).flatMap(({ fields: { id } }) => (typeof id === 'string' ? [id] : []))

/** An id that the file does not have: `text`, else `text-2`, `text-3` … */
export function freeId(fields: Fields, wanted: string): string {
  const taken = new Set(idsOf(fields))
  const base = wanted.replace(/-\d+$/, '').slice(0, 60)
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`
    if (!taken.has(id)) return id
  }
}

/** Copies an item below itself, with new ids: also those in its branches. */
export function duplicateItem(source: string, path: Path): string {
  const index = Number(path.at(-1)) + 1
  const at = [...path.slice(0, -1), index]
  let text = copyItem(source, path)
  const starts = (card: Card) => at.every((part, i) => card.path[i] === part)
  const copied = cardsOf(readFile(text).fields ?? {}).filter(starts)
  for (const { path: inCopy, fields } of copied) {
    if (typeof fields.id !== 'string') continue
    const now = readFile(text).fields ?? {}
    text = renameItem(text, inCopy, freeId(now, fields.id), at)
  }
  return text
}

/**
 * Gives a step or a fork another id, also where `since` names it.
 * @param within only there; default: in the whole file
 */
export function renameItem(source: string, path: Path, id: string, within: Path = []): string {
  const fields = readFile(source).fields ?? {}
  const cards = cardsOf(fields)
  const same = (a: Path, b: Path) => a.length === b.length && a.every((part, i) => part === b[i])
  const old = cards.find((card) => same(card.path, path))?.fields.id
  let text = setField(source, [...path, 'id'], id)
  if (typeof old !== 'string') return text
  for (const card of cards)
    if (card.fields.since === old && within.every((part, i) => card.path[i] === part))
      text = setField(text, [...card.path, 'since'], id)
  return text
}
