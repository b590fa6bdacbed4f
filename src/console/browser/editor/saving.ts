import { keepText, removeKept } from '../kept-draft.ts'
import { CallRefused, readDraft, saveDraft } from './calls.ts'
import type { EditorStore, TheirDraft } from './store.ts'

const AFTER_MS = 800
const RETRY_MS = [2_000, 5_000, 10_000, 30_000] as const

/** The same text would be refused again: too large, or nothing that can be stored. */
const isFinal = (status: number) => status === 413 || status === 415 || status === 422

/**
 * Saves the draft by itself: some time after the last change, when the page loses the focus, and at Ctrl S. A text that cannot
 * be saved is kept on this device, and tried again.
 */
export class Saving {
  private readonly store: EditorStore
  private savedText: string
  private revision: number | null
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private lastSeen = ''
  /** A text that the server does not take: it is not sent again until it changes. */
  private refusedText: string | null = null
  private running: Promise<void> | null = null

  constructor(store: EditorStore) {
    this.store = store
    this.savedText = store.text
    this.revision = store.data.revision
    store.subscribe(() => this.changed())
    window.addEventListener('blur', () => void this.now())
    document.addEventListener('visibilitychange', () => void (document.hidden && this.now()))
    document.addEventListener('focusout', () => void this.now())
    window.addEventListener('online', () => void this.now())
    document.addEventListener('click', (event) => this.leave(event))
    window.addEventListener('beforeunload', (event) => {
      if (store.text !== this.savedText) event.preventDefault()
    })
  }

  /** The revision of the draft that this page has read or written; null: there was none. */
  get knownRevision(): number | null {
    return this.revision
  }

  /** Shows what somebody else has saved, where nothing was changed here. It can be undone. */
  take(theirs: TheirDraft): void {
    const { store } = this
    this.revision = theirs.revision
    this.savedText = theirs.source
    store.saving = { state: 'saved', at: Date.parse(theirs.at) }
    store.others = null
    store.change(theirs.source)
    store.notify()
  }

  private changed(): void {
    const { store } = this
    if (store.text === this.savedText) {
      if (store.saving.state !== 'changed') return
      removeKept(store.data.id)
      store.set({ saving: { state: 'saved', at: store.data.savedAt } })
      return
    }
    if (store.saving.state === 'conflict' || store.text === this.lastSeen) return
    this.lastSeen = store.text
    this.keep()
    if (store.saving.state === 'saved') store.set({ saving: { state: 'changed' } })
    this.schedule(AFTER_MS)
  }

  /** Saves before a link leads to another page. */
  private leave(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (!link || !isPlain || link.target || event.defaultPrevented || this.store.text === this.savedText)
      return
    event.preventDefault()
    void this.now().then(() => {
      if (this.store.text === this.savedText) location.assign(link.href)
    })
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.now(), ms)
  }

  /** Saves what is not saved. */
  async now(): Promise<void> {
    clearTimeout(this.timer)
    while (this.running) await this.running
    const { store } = this
    if (store.text === this.savedText || store.text === this.refusedText) return
    if (store.saving.state === 'conflict' || !store.data.mayChange) return
    this.running = this.save(store.text)
    await this.running
    this.running = null
    if (store.text !== this.savedText && store.saving.state === 'changed') this.schedule(AFTER_MS)
  }

  private async save(text: string): Promise<void> {
    const { store } = this
    store.set({ saving: { state: 'saving' } })
    try {
      const saved = await saveDraft(store.data.id, text, this.revision)
      this.revision = saved.revision
      this.savedText = text
      this.failures = 0
      // What was changed while it was saved is not saved yet.
      if (store.text !== text) return store.set({ saving: { state: 'changed' } })
      removeKept(store.data.id)
      store.set({ saving: { state: 'saved', at: Date.parse(saved.savedAt) } })
    } catch (err) {
      if (err instanceof CallRefused && err.status === 409) return this.meet()
      const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)] ?? AFTER_MS
      const why = err instanceof CallRefused && err.status < 500 ? err.message : null
      store.set({ saving: { state: 'failed', why } })
      if (err instanceof CallRefused && isFinal(err.status)) this.refusedText = text
      else this.schedule(wait)
    }
  }

  /** Somebody else has saved: shows both texts. */
  private async meet(): Promise<void> {
    const found = await readDraft(this.store.data.id).catch(() => undefined)
    if (found === undefined) return this.store.set({ saving: { state: 'failed', why: null } })
    // The text of this device, saved before its answer was lost.
    if (found?.source === this.store.text) {
      this.revision = found.revision
      this.savedText = found.source
      return this.store.set({ saving: { state: 'saved', at: Date.parse(found.savedAt) } })
    }
    const theirs = found && {
      source: found.source,
      revision: found.revision,
      at: found.savedAt,
      by: found.savedBy,
    }
    this.store.set({ saving: { state: 'conflict', theirs } })
  }

  /** Ends a conflict. */
  resolve(choice: 'own' | 'theirs'): void {
    const { store } = this
    if (store.saving.state !== 'conflict') return
    const { theirs } = store.saving
    this.revision = theirs?.revision ?? null
    this.savedText = theirs?.source ?? ''
    store.others = null
    if (choice === 'theirs' && theirs) {
      removeKept(store.data.id)
      this.take(theirs)
      return
    }
    store.saving = { state: 'changed' }
    store.notify()
    void this.now()
  }

  private keep(): void {
    keepText(this.store.data.id, { text: this.store.text, revision: this.revision })
  }
}
