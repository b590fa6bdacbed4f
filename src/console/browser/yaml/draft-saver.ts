import { keepText, keptText, removeKept } from '../kept-draft.ts'
import type { DraftApi, Saved } from './draft-api.ts'

/** How long after the last change the text is saved. */
const PAUSE_MS = 800
const RETRY_MS = 3_000

export type SaveState = 'saved' | 'saving' | 'unsaved' | 'offline' | 'conflict' | 'refused'

/**
 * Saves a text by itself after each change, one request at a time. A text that the server has not got is kept in this browser.
 */
export class DraftSaver {
  readonly #api: DraftApi
  readonly #id: string
  readonly #onState: (state: SaveState, detail: string) => void
  #revision: number
  #text: string
  #savedText: string
  #timer: ReturnType<typeof setTimeout> | undefined
  #isBusy = false
  #isStopped = false

  /** @param start the text and the revision that the page has; revision 0: there is no draft */
  constructor(
    api: DraftApi,
    id: string,
    start: { source: string; revision: number },
    onState: (state: SaveState, detail: string) => void,
  ) {
    this.#api = api
    this.#id = id
    this.#text = start.source
    this.#savedText = start.source
    this.#revision = start.revision
    this.#onState = onState
  }

  get isSaved(): boolean {
    return this.#text === this.#savedText && !this.#isBusy
  }

  /** A text that an earlier page could not save; null: none. */
  kept(): string | null {
    return keptText(this.#id, this.#text)
  }

  dropKept(): void {
    this.#keep(null)
  }

  change(text: string): void {
    this.#text = text
    if (text === this.#savedText && !this.#isBusy) {
      clearTimeout(this.#timer)
      this.#keep(null)
      if (!this.#isStopped) this.#onState('saved', '')
      return
    }
    this.#keep(text)
    if (this.#isStopped) return
    this.#onState('unsaved', '')
    this.#schedule(PAUSE_MS)
  }

  /** Saves at once. */
  saveNow(): void {
    this.#schedule(0)
  }

  /** Goes on from another revision, after a conflict. @param text what the server has, which replaces this one */
  goOnFrom(revision: number, text?: string): void {
    this.#isStopped = false
    this.#revision = revision
    if (text !== undefined) {
      this.#text = text
      this.#savedText = text
      this.#keep(null)
      this.#onState('saved', '')
    } else this.#schedule(0)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#save(), ms)
  }

  async #save(): Promise<void> {
    if (this.#isBusy || this.#isStopped || this.#text === this.#savedText) return
    this.#isBusy = true
    const text = this.#text
    this.#onState('saving', '')
    const answer = await this.#api.save(text, this.#revision)
    this.#isBusy = false
    this.#after(answer, text)
  }

  #after(answer: Saved, text: string): void {
    if (answer.kind === 'saved') {
      this.#revision = answer.revision
      this.#savedText = text
      if (this.#text === text) {
        this.#keep(null)
        this.#onState('saved', '')
      } else this.#schedule(PAUSE_MS)
    } else if (answer.kind === 'offline') {
      this.#onState('offline', '')
      this.#schedule(RETRY_MS)
    } else if (answer.kind === 'conflict') {
      this.#isStopped = true
      this.#onState('conflict', answer.by ?? '')
    } else this.#onState('refused', answer.message)
  }

  #keep(text: string | null): void {
    if (text === null) removeKept(this.#id)
    else keepText(this.#id, { text, revision: this.#revision === 0 ? null : this.#revision })
  }
}
