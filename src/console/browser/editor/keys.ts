import { focusForm } from './focus.ts'
import { moveCard, removeCard } from './item-actions.ts'
import type { Saving } from './saving.ts'
import { type EditorStore, keyOf } from './store.ts'

/**
 * The keys of the editor. Ctrl Z, Ctrl S and Ctrl Enter work everywhere, the others where no field has the focus.
 */
export function listenToKeys(store: EditorStore, saving: Saving): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      if (withControl(store, saving, event)) event.preventDefault()
      return
    }
    if (store.file.problem !== null) return
    if (event.key === 'Escape') return leaveForm(store)
    if (isTyping(event.target)) return
    if (event.altKey ? moveByKey(store, event.key) : plainKey(store, event)) event.preventDefault()
  })
}

function withControl(store: EditorStore, saving: Saving, event: KeyboardEvent): boolean {
  switch (event.key.toLowerCase()) {
    case 'z':
      if (event.shiftKey) store.redo()
      else store.undo()
      return true
    case 'y':
      store.redo()
      return true
    case 's':
      void saving.now()
      return true
    case 'enter':
      document.querySelector<HTMLElement>('[data-publish]')?.click()
      return true
    default:
      return false
  }
}

/** All that can be chosen, from the top. */
const order = (store: EditorStore): string[] => [
  'entry',
  ...store.cards.map(({ path }) => keyOf(path)),
  'answers',
  'campaign',
]

function plainKey(store: EditorStore, event: KeyboardEvent): boolean {
  const keys = order(store)
  const at = keys.indexOf(store.chosen)
  switch (event.key) {
    case 'j':
    case 'k': {
      const next = keys[Math.min(keys.length - 1, Math.max(0, at + (event.key === 'j' ? 1 : -1)))]
      if (next !== undefined) store.choose(next)
      focusCard(next ?? '')
      return true
    }
    case 'Enter': {
      const card = event.target instanceof HTMLElement ? event.target.dataset.card : undefined
      // Other buttons and links do what they do.
      if (
        card === undefined &&
        event.target !== document.body &&
        !(event.target as HTMLElement).matches?.('main')
      )
        return false
      if (card !== undefined) store.choose(card)
      store.set({ isFormOpen: true })
      focusForm()
      return true
    }
    case 'Delete': {
      const card = store.cards.find(({ path }) => keyOf(path) === store.chosen)
      if (!card) return false
      removeCard(store, card.path)
      focusCard(store.chosen)
      return true
    }
    default:
      return false
  }
}

function moveByKey(store: EditorStore, key: string): boolean {
  const card = store.cards.find(({ path }) => keyOf(path) === store.chosen)
  if (!card || (key !== 'ArrowUp' && key !== 'ArrowDown')) return false
  moveCard(store, card.path, key === 'ArrowUp' ? -1 : 1)
  focusCard(store.chosen)
  return true
}

function leaveForm(store: EditorStore): void {
  store.set({ isFormOpen: false })
  focusCard(store.chosen)
}

/** After the page shows the change. */
export function focusCard(key: string): void {
  requestAnimationFrame(() => {
    const card = document.querySelector<HTMLElement>(`[data-card="${CSS.escape(key)}"]`)
    card?.focus()
    card?.scrollIntoView({ block: 'nearest' })
  })
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input, select, textarea'))
