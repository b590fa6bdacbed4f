import { isRecord } from '../../shared/is-record.ts'
import { RESERVED } from '../check-structure.ts'
import { wordsOf } from '../draft-events.ts'
import { type Fields, freeId, listOf, textOf, valueAt } from '../editing/campaign-items.ts'
import type { Path } from '../editing/yaml-edit.ts'
import { ACTIONS } from '../item-model.ts'
import { type Fix, type FixContext, type FixRule, fix, itemPath } from './fix.ts'

/** Fixes of messages about ids, references, ends and what is never reached. */

function newId({ fields, path }: FixContext, old: string): readonly Fix[] {
  const item = itemPath(path)
  if (!item) return []
  const id = freeId(fields, RESERVED.has(old) ? `${old}-step` : old)
  return [fix('id', [id], { do: 'set', path: [...item, 'id'], value: id })]
}

/** An end that is not the last item of its list. */
function endLast({ fields, path }: FixContext): readonly Fix[] {
  const list = path.slice(0, -1)
  const items = listOf(valueAt(fields, list))
  const index = items.indexOf('end')
  if (index < 0) return []
  const at = [...list, index]
  return [
    fix('end-last', [], { do: 'move', path: at, list, to: items.length }),
    fix('remove-end', [], { do: 'remove', path: at }),
  ]
}

/** The fork above ends on every way: the followers who take no branch, or the last one, go on. */
function goOn({ fields, path }: FixContext): readonly Fix[] {
  const list = path.slice(0, -1)
  const above = valueAt(fields, [...list, Number(path.at(-1)) - 1])
  if (!isRecord(above)) return []
  const at = [...list, Number(path.at(-1)) - 1]
  const branches = listOf(above.branches)
  const ends: Path[] = [[...at, 'else'], ...branches.map((_, b) => [...at, 'branches', b, 'steps']).reverse()]
  const end = ends.find((steps) => listOf(valueAt(fields, steps)).at(-1) === 'end')
  const index = end ? listOf(valueAt(fields, end)).length - 1 : -1
  return [
    ...(end ? [fix('remove-end', [], { do: 'remove', path: [...end, index] })] : []),
    fix('remove-step', [], { do: 'remove', path }),
  ]
}

/** The branches of a fork, or the rows of `answers`, with the name by which messages call them. */
function rowsAbove({ fields, path }: FixContext): { name: string; index: number; row: Fields }[] {
  const list = path.slice(0, -1)
  const isAnswers = list[0] === 'answers'
  return listOf(valueAt(fields, list))
    .slice(0, Number(path.at(-1)))
    .map((row, index) => {
      const fieldsOfRow = isRecord(row) ? row : {}
      const named = textOf(fieldsOfRow.name) || String.fromCodePoint(97 + index)
      return { name: isAnswers ? `answers.${index}` : named, index, row: fieldsOfRow }
    })
}

function above(context: FixContext, name: string): readonly Fix[] {
  const found = rowsAbove(context).find((row) => row.name === name)
  if (!found) return []
  const list = context.path.slice(0, -1)
  return [fix('branch-up', [name], { do: 'move', path: context.path, list, to: found.index })]
}

const removeRow = ({ path }: FixContext) =>
  fix(path[0] === 'answers' ? 'remove-answer' : 'remove-branch', [], { do: 'remove', path })

/** A word that the row above has already: one of them loses it. */
function wordOnce(context: FixContext, word: string, name: string): readonly Fix[] {
  const list = context.path.slice(0, -1)
  const found = rowsAbove(context).find((row) => row.name === name)
  const other = found ? withoutWord(found.row.on, [...list, found.index, 'on'], word) : null
  const isLast = listOf(valueAt(context.fields, list)).length < 2
  return [
    ...(other ? [fix('remove-word', [name, word], other)] : []),
    ...(isLast ? [] : [removeRow(context)]),
  ]
}

/** The change that takes a word out of events that have others; null where it is the last one. */
function withoutWord(on: unknown, path: Path, word: string) {
  const events = Array.isArray(on) ? on : [on]
  for (const [i, event] of events.entries()) {
    const words = isRecord(event) ? wordsOf(event.keywords) : []
    const left = words.filter((one) => one !== word)
    if (left.length === words.length || left.length === 0) continue
    return { do: 'set' as const, path: [...path, ...(Array.isArray(on) ? [i] : []), 'keywords'], value: left }
  }
  return null
}

function noExitWord(context: FixContext, word: string): readonly Fix[] {
  const exits = wordsOf(valueAt(context.fields, ['exit', 'keywords']))
  const left = exits.filter((one) => one !== word)
  const isKept = left.length > 0 && left.length < exits.length
  const kept = isKept
    ? [fix('remove-exit-word', [word], { do: 'set', path: ['exit', 'keywords'], value: left })]
    : []
  return [...kept, removeRow(context)]
}

function higherPriority({ others }: FixContext, campaign: string): readonly Fix[] {
  const other = others.find(({ id }) => id === campaign)
  if (!other || other.priority >= 1_000) return []
  const value = other.priority + 1
  return [fix('priority', [String(value)], { do: 'set', path: ['priority'], value })]
}

function noGo({ fields, path }: FixContext): readonly Fix[] {
  const item = itemPath(path)
  if (!item) return []
  const hasMore = ACTIONS.some((name) => name !== 'go' && valueAt(fields, [...item, name]) !== undefined)
  return hasMore
    ? [fix('remove-go', [], { do: 'clear', path })]
    : [fix('remove-step', [], { do: 'remove', path: item })]
}

const STEP_PATH = ({ path }: FixContext) => {
  const item = itemPath(path)
  return item ? [fix('remove-step', [], { do: 'remove', path: item })] : []
}

export const STRUCTURE_FIXES: readonly FixRule[] = [
  [/^duplicate step id (\S+) \(also at .+\)$/, (context, id = '') => newId(context, id)],
  [/^(\S+) is a word of the format: /, (context, id = '') => newId(context, id)],
  [/is no step or fork above on this way/, ({ path }) => [fix('previous', [], { do: 'clear', path })]],
  [/^end stands above it: /, endLast],
  [/^can never go: each branch of /, goOn],
  [/^step \S+ can never go: /, STEP_PATH],
  [
    /^is never reached: (?:branch )?(.+) above takes every message$/,
    (context, name = '') => above(context, name),
  ],
  [
    /^is never reached: (.+) stands in (?:branch )?(.+) above$/,
    (context, word = '', name = '') => wordOnce(context, word, name),
  ],
  [/^is never reached: (.+) is an exit keyword$/, (context, word = '') => noExitWord(context, word)],
  [/^never begins by .+: campaign (\S+) goes first/, (context, id = '') => higherPriority(context, id)],
  [/^leads back to this campaign: /, noGo],
]
