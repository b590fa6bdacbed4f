import { isRecord } from '../shared/is-record.ts'
import { isSame } from '../shared/same-value.ts'
import { type CampaignItem, isFork } from './item-model.ts'
import type { Campaign } from './model.ts'

/** A value of a field; undefined: the field is absent. */
type FieldValue = unknown

/** One difference between two versions of a campaign. */
export interface CampaignChange {
  kind: 'added' | 'removed' | 'moved' | 'changed'
  /** Where it is: a step, a fork, or the campaign itself. */
  of: 'campaign' | 'step' | 'fork'
  /** The id of the step or fork; null for the campaign. */
  id: string | null
  /** The changed field, like `after` or `send.text`; null for an added, removed or moved step or fork. */
  field: string | null
  /** For `changed`, the values; for `moved`, the places; for `added` and `removed`, the place or the step. */
  from: FieldValue
  to: FieldValue
}

/** A step or fork with its place. Its branches have only their own fields: their steps are units of their own. */
interface Unit {
  of: 'step' | 'fork'
  id: string
  /** The list that it stands in, like `steps`, `ask / 金卡` or `ask / else`. */
  list: string
  /** The unit before it in this list; null: it is the first. */
  after: string | null
  fields: Record<string, unknown>
}

/**
 * The differences between two versions of a campaign, in the order of the file: those of the campaign, then by step and fork.
 * Steps and forks are found by their ids, wherever they stand.
 */
export function diffCampaigns(before: Campaign, after: Campaign): CampaignChange[] {
  const { steps: oldSteps, ...oldHead } = before
  const { steps: newSteps, ...newHead } = after
  const head = diffFields(oldHead, newHead).map((change) => ({
    ...change,
    of: 'campaign' as const,
    id: null,
  }))
  const oldUnits = unitsIn(oldSteps, 'steps')
  const newUnits = unitsIn(newSteps, 'steps')
  const oldById = new Map(oldUnits.map((unit) => [unit.id, unit]))
  const newIds = new Set(newUnits.map(({ id }) => id))
  const moved = movedUnits(oldUnits, newUnits)
  const changes = newUnits.flatMap((unit): CampaignChange[] => {
    const old = oldById.get(unit.id)
    const { of, id } = unit
    if (!old) return [{ kind: 'added', of, id, field: null, from: undefined, to: shown(unit) }]
    const move: CampaignChange = { kind: 'moved', of, id, field: null, from: placeOf(old), to: placeOf(unit) }
    const inside = diffFields(old.fields, unit.fields).map((change) => ({ ...change, of, id }))
    return [...(moved.has(id) ? [move] : []), ...inside]
  })
  const removed = oldUnits
    .filter(({ id }) => !newIds.has(id))
    .map((unit): CampaignChange => {
      const { of, id } = unit
      return { kind: 'removed', of, id, field: null, from: shown(unit), to: undefined }
    })
  return [...head, ...changes, ...removed]
}

function unitsIn(items: readonly CampaignItem[], list: string): Unit[] {
  let after: string | null = null
  return items.flatMap((item): Unit[] => {
    const here = { list, after }
    if (item === 'end') {
      // An end has no id: it is one of its list.
      after = `${list} end`
      return [{ of: 'step', id: `end of ${list}`, ...here, fields: {} }]
    }
    after = item.id
    if (!isFork(item)) {
      const { id, ...fields } = item
      return [{ of: 'step', id, ...here, fields }]
    }
    const { id, branches, else: rest, meanwhile, ...fields } = item
    const named = branches.map(({ steps: _steps, ...branch }, i) => [branchName(branch, i), branch] as const)
    return [
      { of: 'fork', id, ...here, fields: { ...fields, branches: Object.fromEntries(named) } },
      ...unitsIn(meanwhile ?? [], `${id} / meanwhile`),
      ...branches.flatMap((branch, i) => unitsIn(branch.steps, `${id} / ${branchName(branch, i)}`)),
      ...unitsIn(rest ?? [], `${id} / else`),
    ]
  })
}

const branchName = ({ name }: { name?: string | undefined }, index: number) => name ?? `branch ${index + 1}`

/** The units whose list is another one, or that stand elsewhere among the units that stayed in their list. */
function movedUnits(before: readonly Unit[], after: readonly Unit[]): Set<string> {
  const oldLists = new Map(before.map(({ id, list }) => [id, list]))
  const oldOrder = new Map(before.map(({ id }, i) => [id, i]))
  const moved = new Set<string>()
  const stayed = new Map<string, string[]>()
  for (const { id, list } of after) {
    const oldList = oldLists.get(id)
    if (oldList === undefined) continue
    if (oldList !== list) moved.add(id)
    else stayed.set(list, [...(stayed.get(list) ?? []), id])
  }
  for (const ids of stayed.values()) {
    const kept = longestRising(ids.map((id) => oldOrder.get(id) ?? 0))
    for (const [i, id] of ids.entries()) if (!kept.has(i)) moved.add(id)
  }
  return moved
}

/** The indexes of a longest rising subsequence: with it, the fewest units have moved. */
function longestRising(values: readonly number[]): Set<number> {
  const lengths: number[] = []
  const previous: number[] = []
  for (const [i, value] of values.entries()) {
    lengths[i] = 1
    previous[i] = -1
    for (let j = 0; j < i; j++)
      if ((values[j] ?? 0) < value && (lengths[j] ?? 0) + 1 > (lengths[i] ?? 0)) {
        lengths[i] = (lengths[j] ?? 0) + 1
        previous[i] = j
      }
  }
  const kept = new Set<number>()
  for (let at = lengths.indexOf(Math.max(...lengths)); at >= 0; at = previous[at] ?? -1) kept.add(at)
  return kept
}

const placeOf = ({ list, after }: Unit) => ({ list, after })
const shown = (unit: Unit) => ({ ...placeOf(unit), fields: unit.fields })

type FieldChange = Pick<CampaignChange, 'kind' | 'field' | 'from' | 'to'>

/** Differences of two maps, field by field and with the fields of maps in them. Lists are compared as one value. */
function diffFields(before: object, after: object, path = ''): FieldChange[] {
  const old = new Map<string, unknown>(Object.entries(before))
  const now = new Map<string, unknown>(Object.entries(after))
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((name): FieldChange[] => {
    const [from, to] = [old.get(name), now.get(name)]
    const field = path ? `${path}.${name}` : name
    if (isRecord(from) && isRecord(to)) return diffFields(from, to, field)
    return isSame(from, to) ? [] : [{ kind: 'changed', field, from, to }]
  })
}
