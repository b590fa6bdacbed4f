import { duplicateItem, listOf, textOf, valueAt } from '../../../campaign/editing/campaign-items.ts'
import { type NewKind, newItem } from '../../../campaign/editing/new-items.ts'
import { divideStep } from '../../../campaign/editing/variants.ts'
import { insertItem, moveItem, type Path, removeItem, setField } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { branchWords, elseWords, forkKind, forkTitle, forkWords, stepWords } from '../../steps/step-words.ts'
import { announce } from '../announce.ts'
import { focusForm } from './focus.ts'
import { type EditorStore, keyOf } from './store.ts'

/** What the buttons and keys do with a card. The card that they have changed is chosen afterwards. */

/**
 * An item at the top comes soon: 5 s after the entry, or at once in a branch. Others come 10 minutes after the item above, or
 * after the question of a `meanwhile`.
 */
export function addItem(store: EditorStore, list: Path, index: number, kind: NewKind): void {
  const isFirst = index === 0 && list.at(-1) !== 'meanwhile'
  const after = !isFirst ? '10m' : list.length === 1 ? '5s' : '0s'
  const { newBranches } = store.texts
  const names = { yes: kind === 'ask' ? newBranches.answer : newBranches.fits, other: newBranches.other }
  const item = newItem(store.fields, kind, names, after)
  store.forgetLeft([...list, index])
  store.edit((text) => insertItem(text, list, index, item), { chosen: keyOf([...list, index]) })
  store.set({ isFormOpen: true })
  focusForm(true)
}
/** A branch of the kind that the others of its fork have. */
export function addBranch(store: EditorStore, fork: Path, branches: readonly unknown[]): void {
  const kind = forkKind({ branches })
  const share = Math.max(1, Math.floor((100 - sharesOf(branches)) / 2))
  const added = { on: { keywords: [''] }, when: { tag: '' }, share }[kind]
  const name = newBranchName(store, branches)
  const list = [...fork, 'branches']
  const branch = { name, [kind]: added, steps: [] }
  // A branch that takes every message stays the last one.
  const last = branches.at(-1)
  const takesAll =
    isRecord(last) && isRecord(last.on) && last.on.keywords === undefined && last.on.event === 'message'
  const index = takesAll ? branches.length - 1 : branches.length
  store.forgetLeft([...list, index])
  store.edit((text) => insertItem(text, list, index, branch), { chosen: keyOf([...list, index]) })
}
/** A name that no other branch of the fork has. */
function newBranchName({ texts }: EditorStore, branches: readonly unknown[]): string {
  const taken = branches.map(branchWords)
  const free = (n: number): string => {
    const name = texts.newBranches.another(n)
    return taken.includes(name) ? free(n + 1) : name
  }
  return free(branches.length + 1)
}
const sharesOf = (branches: readonly unknown[]) =>
  branches.reduce<number>((sum, b) => sum + (isRecord(b) && typeof b.share === 'number' ? b.share : 0), 0)

/** Removes a card with all that is in it. The card above is chosen then; the entry, when there is none. */
export function removeCard(store: EditorStore, path: Path): void {
  const list = path.slice(0, -1)
  const name = nameOf(store, path)
  const index = store.cards.findIndex((card) => keyOf(card.path) === keyOf(path))
  const above = store.cards[index - 1]
  const chosen = above ? keyOf(above.path) : 'entry'
  const done = store.edit((text) => removeItem(text, path, list.length === 1), { chosen })
  if (done) {
    store.set({ isFormOpen: false })
    announce(store.texts.removed(name))
  }
}

/** The copy is below the card, with new ids. */
export function duplicateCard(store: EditorStore, path: Path): void {
  const copy = [...path.slice(0, -1), Number(path.at(-1)) + 1]
  store.edit((text) => duplicateItem(text, path), { chosen: keyOf(copy) })
}

/** Makes two variants of a step: half of the followers get each. */
export function addVariant(store: EditorStore, path: Path): void {
  const chosen = keyOf([...path, 'branches', 1, 'steps', 0])
  if (store.edit((text) => divideStep(text, path), { chosen })) announce(store.texts.variantAdded)
}

/** Moves a card within its list. The order of branches is the order in which they are tried. */
export function moveCard(store: EditorStore, path: Path, by: -1 | 1): void {
  const list = path.slice(0, -1)
  const index = Number(path.at(-1))
  const target = index + by
  if (target < 0 || target >= listOf(valueAt(store.fields, list)).length) return
  const name = nameOf(store, path)
  const to = by < 0 ? target : target + 1
  const done = store.edit((text) => moveItem(text, path, list, to), { chosen: keyOf([...list, target]) })
  if (done) announce(store.texts.moved(name))
}

/**
 * Moves a card to a place of its own or of another list. A step with a time of its own asks afterwards whether it keeps it.
 * @param to the index before the move
 */
export function dropCard(store: EditorStore, path: Path, list: Path, to: number): void {
  const name = nameOf(store, path)
  const card = cardAt(store, path)
  if (!card) return
  if (!store.edit((text) => moveItem(text, path, list, to))) return
  const from = Number(path.at(-1))
  const isSameList = keyOf(list) === keyOf(path.slice(0, -1))
  // Without an id, the card is found by its place.
  const place = keyOf([...list, isSameList && to > from ? to - 1 : to])
  const now = store.cards.find(({ fields }) => fields.id !== undefined && fields.id === card.fields.id)
  const chosen = now ? keyOf(now.path) : place
  const hasOwnTime = card.kind === 'step' && OWN_TIMES.some((field) => card.fields[field] !== undefined)
  store.set({ chosen, movedWithTime: hasOwnTime ? chosen : null })
  announce(store.texts.moved(name))
}
const OWN_TIMES = ['since', 'at', 'day', 'before'] as const

/** A step that was moved goes some time after the one above it. */
export function followPrevious(store: EditorStore, path: Path): void {
  store.edit((text) =>
    [...OWN_TIMES, 'days'].reduce(
      (left, field) => setField(left, [...path, field], undefined),
      setField(text, [...path, 'after'], MOVED_DELAY),
    ),
  )
  store.set({ movedWithTime: null })
}
const MOVED_DELAY = '10m'

/** Moves a card to the end of another list. */
export function moveInto(store: EditorStore, path: Path, list: Path): void {
  const name = nameOf(store, path)
  const id = textOf(cardAt(store, path)?.fields.id)
  const done = store.edit((text) => {
    const items = listOf(valueAt(store.fields, list))
    // What ends a branch stays its last item.
    return moveItem(text, path, list, items.at(-1) === 'end' ? items.length - 1 : items.length)
  })
  if (!done) return
  const now = store.cards.find((card) => card.fields.id === id)
  if (now) store.choose(keyOf(now.path))
  announce(store.texts.moved(name))
}

const cardAt = (store: EditorStore, path: Path) =>
  store.cards.find((card) => keyOf(card.path) === keyOf(path))

function nameOf(store: EditorStore, path: Path): string {
  const card = cardAt(store, path)
  const { language } = store.data
  if (card?.kind === 'step') return stepWords(card.fields, language, 0, store.media)
  if (card?.kind === 'fork') return forkWords(card.fields, language)
  return card?.kind === 'branch' ? branchWords(card.fields, Number(path.at(-1))) : store.texts.endCard
}

/** The lists that a card may move to: the main line and every branch, except its own list and what is inside it. */
export function targetLists(store: EditorStore, path: Path): { list: Path; label: string }[] {
  const { texts } = store
  const { language } = store.data
  const isInside = (list: Path) => path.every((part, i) => list[i] === part)
  const all: { list: Path; label: string }[] = [{ list: ['steps'], label: texts.mainLine }]
  const isPlainStep = cardAt(store, path)?.kind === 'step'
  for (const { kind, path: at, fields, number } of store.cards) {
    if (kind !== 'fork') continue
    const fork = `${texts.stepTitle(number)} ${forkTitle(fields, language)}`
    for (const [b, branch] of listOf(fields.branches).entries())
      all.push({ list: [...at, 'branches', b, 'steps'], label: `${fork} → ${branchWords(branch, b)}` })
    all.push({ list: [...at, 'else'], label: `${fork} → ${elseWords(fields, language)}` })
    if (isPlainStep && forkKind(fields) === 'on')
      all.push({ list: [...at, 'meanwhile'], label: `${fork} · ${texts.meanwhile}` })
  }
  const own = keyOf(path.slice(0, -1))
  return all.filter(({ list }) => keyOf(list) !== own && !isInside(list))
}
