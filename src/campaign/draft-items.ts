import { isRecord } from '../shared/is-record.ts'
import { listOf } from '../shared/list-of.ts'
import { MINUTE_MS } from '../shared/time-units.ts'
import { LONGEST_WINDOW_MS } from '../wechat/rules/rules.ts'
import { parseDuration } from './duration.ts'
import { type DraftMessage, draftMessage } from './message-model.ts'

/**
 * The items of a file that may have errors, with their paths. What is not readable is left out, so that the rest can be checked
 * and all errors are reported at once.
 */

type RawMap = Readonly<Record<string, unknown>>

interface DraftStep {
  kind: 'step'
  path: string
  raw: RawMap
  id: string | null
  messages: { path: string; message: DraftMessage }[]
}

interface DraftBranch {
  path: string
  raw: RawMap
  name: string
  items: DraftItem[]
}

export interface DraftFork {
  kind: 'fork'
  path: string
  raw: RawMap
  id: string | null
  meanwhile: DraftItem[]
  branches: DraftBranch[]
  otherwise: DraftItem[]
}

export type DraftItem = DraftStep | DraftFork | { kind: 'end'; path: string }

/**
 * @param value a list of items, or anything in its place
 * @param path of the list in the file, like `steps.2.else`. A branch without a name is called a, b, c by its place
 */
export function draftItems(value: unknown, path: string): DraftItem[] {
  return listOf(value).flatMap((raw, i): DraftItem[] => {
    const at = `${path}.${i}`
    if (raw === 'end') return [{ kind: 'end', path: at }]
    if (!isRecord(raw)) return []
    const id = typeof raw.id === 'string' ? raw.id : null
    if (!('branches' in raw))
      return [{ kind: 'step', path: at, raw, id, messages: draftMessages(raw.send, at) }]
    const branches = listOf(raw.branches).flatMap((branch, b): DraftBranch[] => {
      if (!isRecord(branch)) return []
      const branchPath = `${at}.branches.${b}`
      const name = typeof branch.name === 'string' ? branch.name : String.fromCodePoint(97 + b)
      return [{ path: branchPath, raw: branch, name, items: draftItems(branch.steps, `${branchPath}.steps`) }]
    })
    const meanwhile = draftItems(raw.meanwhile, `${at}.meanwhile`)
    return [
      { kind: 'fork', path: at, raw, id, meanwhile, branches, otherwise: draftItems(raw.else, `${at}.else`) },
    ]
  })
}

function draftMessages(send: unknown, path: string): DraftStep['messages'] {
  if (send === undefined) return []
  if (!Array.isArray(send)) return [{ path: `${path}.send`, message: draftMessage(send) }]
  return send.map((one, i) => ({ path: `${path}.send.${i}`, message: draftMessage(one) }))
}

/** All items, with those in forks, in the order of the file. */
export function flatItems(items: readonly DraftItem[]): DraftItem[] {
  return items.flatMap((item) => {
    if (item.kind !== 'fork') return [item]
    const inside = [...item.meanwhile, ...item.branches.flatMap((b) => b.items), ...item.otherwise]
    return [item, ...flatItems(inside)]
  })
}

/** A duration of a raw field; undefined for an invalid one. */
export function draftDuration(value: unknown): number | undefined {
  return typeof value === 'string' ? (parseDuration(value) ?? undefined) : undefined
}

/** The window of a file; the longest one for an invalid value. */
export function draftWindow(value: unknown): number {
  const ms = draftDuration(value)
  return ms !== undefined && ms >= MINUTE_MS && ms <= LONGEST_WINDOW_MS ? ms : LONGEST_WINDOW_MS
}
