import { listOf, valueAt } from '../../../campaign/editing/campaign-items.ts'
import type { Path } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { dropCard } from './item-actions.ts'
import { focusCard } from './keys.ts'
import { type EditorStore, keyOf } from './store.ts'

/** A place where the card that is moved may be dropped. */
interface Place {
  list: Path
  index: number
  /** What stands there: a line is drawn above it. */
  element: HTMLElement
}

interface Drag {
  pointer: number
  path: Path
  card: HTMLElement
  startY: number
  y: number
  /** Null until the pointer has moved. */
  places: Place[] | null
  over: Place | null
}

const BEGINS_AFTER_PX = 6
/** Near the edge of the window the page scrolls. */
const EDGE_PX = 72
const SCROLL_PX = 14

/**
 * Moves cards by their grips, with a mouse, a pen or a finger. Keys and buttons do the same: Alt ↑ ↓, 上移, 下移, 移到. Escape ends
 * a drag without a change.
 */
export function listenToDrags(store: EditorStore): void {
  let drag: Drag | null = null
  const end = (drops: boolean) => {
    if (!drag) return
    const { path, over, card } = drag
    card.classList.remove('dragged')
    show(over, false)
    drag = null
    if (!drops || !over) return
    dropCard(store, path, over.list, over.index)
    focusCard(store.chosen)
  }
  document.addEventListener('pointerdown', (event) => {
    const grip = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-grip]') : null
    const card = grip?.closest<HTMLElement>('.step-card')
    if (!grip || !card || event.button !== 0 || !store.data.mayChange) return
    event.preventDefault()
    const path = pathOf(grip.dataset.grip ?? '')
    const { pointerId: pointer, clientY } = event
    drag = { pointer, path, card, startY: clientY, y: clientY, places: null, over: null }
    // Moves outside the window are seen, too.
    grip.setPointerCapture(pointer)
  })
  document.addEventListener('pointermove', (event) => {
    if (drag?.pointer !== event.pointerId) return
    drag.y = event.clientY
    if (!drag.places) {
      if (Math.abs(event.clientY - drag.startY) < BEGINS_AFTER_PX) return
      drag.places = placesFor(store, drag.path)
      drag.card.classList.add('dragged')
      scrollAtEdges(() => drag)
    }
    follow(drag)
  })
  document.addEventListener('pointerup', (event) => {
    if (drag?.pointer === event.pointerId) end(true)
  })
  document.addEventListener('pointercancel', () => end(false))
  document.addEventListener('keydown', (event) => {
    if (!drag || event.key !== 'Escape') return
    event.preventDefault()
    end(false)
  })
}

/** Marks the place that is nearest to the pointer. */
function follow(drag: Drag): void {
  const distance = ({ element }: Place) => Math.abs(element.getBoundingClientRect().top - drag.y)
  const [nearest] = (drag.places ?? []).sort((a, b) => distance(a) - distance(b))
  if (nearest === drag.over) return
  show(drag.over, false)
  drag.over = nearest ?? null
  show(drag.over, true)
}

const show = (place: Place | null, isOver: boolean) => place?.element.classList.toggle('drop-here', isOver)

function scrollAtEdges(current: () => Drag | null): void {
  const drag = current()
  if (!drag) return
  const by = drag.y < EDGE_PX ? -SCROLL_PX : drag.y > window.innerHeight - EDGE_PX ? SCROLL_PX : 0
  if (by !== 0) {
    window.scrollBy(0, by)
    follow(drag)
  }
  requestAnimationFrame(() => scrollAtEdges(current))
}

const pathOf = (key: string): Path => key.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** The places of the page, without those that would change nothing or where nothing would ever go. */
function placesFor(store: EditorStore, path: Path): Place[] {
  return [...document.querySelectorAll<HTMLElement>('[data-place]')].flatMap((element) => {
    const at = pathOf(element.dataset.place ?? '')
    const [list, index] = [at.slice(0, -1), Number(at.at(-1))]
    return isPlaceFor(store, path, list, index) ? [{ list, index, element }] : []
  })
}

function isPlaceFor({ fields }: EditorStore, path: Path, list: Path, index: number): boolean {
  const item = valueAt(fields, path)
  const isBranch = path.at(-2) === 'branches'
  const isSameList = keyOf(list) === keyOf(path.slice(0, -1))
  // Branches stay in their fork: elsewhere they would be another question.
  if (isBranch || list.at(-1) === 'branches') return isBranch && isSameList
  if (path.every((part, i) => list[i] === part)) return false
  const isStep = isRecord(item) && !('branches' in item)
  if (list.at(-1) === 'meanwhile' && !isStep) return false
  const items = listOf(valueAt(fields, list)).filter((_, i) => !isSameList || i !== path.at(-1))
  const at = isSameList && index > Number(path.at(-1)) ? index - 1 : index
  // Below an end, and below a fork whose ways all end, nothing goes.
  if (items.slice(0, at).some(endsAll)) return false
  return !endsAll(item) || at === items.length
}

/** Whether no follower comes below an item. */
function endsAll(item: unknown): boolean {
  if (item === 'end') return true
  if (!isRecord(item) || !('branches' in item)) return false
  const ways = [...listOf(item.branches).map((branch) => (isRecord(branch) ? branch.steps : [])), item.else]
  return ways.every((steps) => listOf(steps).some(endsAll))
}
