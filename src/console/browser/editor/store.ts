import {
  type Card,
  cardsOf,
  type Fields,
  type ReadFile,
  readFile,
  textOf,
} from '../../../campaign/editing/campaign-items.ts'
import { CannotEdit } from '../../../campaign/editing/plain-values.ts'
import { wayTo } from '../../../campaign/editing/way-to.ts'
import { lineOf, type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import type { EditorAnalysis, EditorData, EditorFigures, MediaNames } from '../../editor-data.ts'
import { stepNames } from '../../steps/step-names.ts'
import { forkKind } from '../../steps/step-words.ts'
import { editorTexts } from '../../texts/editor-form-texts.ts'
import { announce } from '../announce.ts'

export type Replies = 'soon' | 'later' | 'never'
/** What is chosen: a card by its path, or a part of the campaign. */
export type Chosen = string

interface Version {
  text: string
  chosen: Chosen
}

const HISTORY_MAX = 300
/** Changes of one field within this time are undone together. */
const TOGETHER_MS = 1_500

/** A path with dots, like `steps.2.branches.0`: as issues have it. */
export const keyOf = (path: Path): Chosen => path.join('.')

/** The state of the editor: the text of the file, what is chosen, and what can be undone. Everything else follows from them. */
export class EditorStore {
  readonly data: EditorData
  readonly texts
  text: string
  chosen: Chosen
  /** On a phone: the form covers the timeline. */
  isFormOpen = false
  replies: Replies = 'soon'
  branches: Record<string, number> = {}
  analysis: EditorAnalysis | null = null
  /** The text that the analysis is about: its fixes change no other one. */
  analysedText: string | null = null
  /** Of the last text without errors: what is shown while one is corrected. */
  played: EditorAnalysis['played'] = null
  isChecking = true
  /** What this device has kept of an earlier visit; null: nothing. */
  kept: string | null = null
  /** The line of a field that cards cannot change; null: none was tried. */
  blockedLine: number | null = null
  /** A step with a time of its own that was just moved, and may follow the one above; null: none. */
  movedWithTime: Chosen | null = null
  /** Required fields that somebody has left without a value: from then on each is an error. */
  left: ReadonlySet<Chosen> = new Set()
  /** Of the last seven days; null: not read. */
  figures: EditorFigures | null = null
  saving: SavingState = { state: 'saved', at: null }
  /** What somebody else has saved while nothing was changed here; null: nothing. */
  others: TheirDraft | null = null
  private past: Version[] = []
  private future: Version[] = []
  private last: { field: string; at: number } = { field: '', at: 0 }
  private readonly listeners = new Set<() => void>()
  private read: { text: string; file: ReadFile; cards: Card[] } | null = null

  constructor(data: EditorData) {
    this.data = data
    this.texts = editorTexts(data.language)
    this.text = data.source
    this.chosen = this.cards[0] ? keyOf(this.cards[0].path) : 'entry'
    this.saving = { state: 'saved', at: data.savedAt }
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  notify(): void {
    for (const listener of this.listeners) listener()
  }
  /** Sets a part of the state that is not the text. */
  set(change: Partial<EditorStore>): void {
    Object.assign(this, change)
    this.notify()
  }

  private get current() {
    if (this.read?.text !== this.text) {
      const file = readFile(this.text)
      this.read = { text: this.text, file, cards: file.fields ? cardsOf(file.fields) : [] }
    }
    return this.read
  }
  get file(): ReadFile {
    return this.current.file
  }
  get fields(): Fields {
    return this.file.fields ?? {}
  }
  get cards(): Card[] {
    return this.current.cards
  }
  /** A step or a fork in its own words, by its id. */
  nameOf(id: string): string {
    return stepNames(this.fields, this.data.language, this.media).of(id)?.words ?? id
  }

  /**
   * Changes the text.
   * @param field changes of one field that follow each other are undone together; '' for a change of its own
   */
  change(text: string, { field = '', chosen = this.chosen }: { field?: string; chosen?: Chosen } = {}): void {
    if (!this.data.mayChange || text === this.text) return
    const now = Date.now()
    const isTogether = field !== '' && field === this.last.field && now - this.last.at < TOGETHER_MS
    if (!isTogether) this.past = [...this.past, { text: this.text, chosen: this.chosen }].slice(-HISTORY_MAX)
    this.last = { field, at: now }
    this.future = []
    this.text = text
    if (chosen !== this.chosen) this.showWayTo(chosen)
    this.chosen = chosen
    this.blockedLine = null
    this.movedWithTime = null
    this.notify()
  }

  /** The simulated follower goes where the chosen card is, so that the phone shows it. */
  private showWayTo(chosen: Chosen): void {
    const card = this.cards.find(({ path }) => keyOf(path) === chosen)
    const way = wayTo(this.fields, card?.path ?? [])
    this.replies = this.repliesOn(way)
    this.branches = { ...this.branches, ...way }
  }

  /** What the simulated follower does who takes these branches. Who takes none at the first wait is silent. */
  private repliesOn(way: Readonly<Record<string, number>>): Replies {
    const first = this.waits()[0]
    if (first !== undefined && way[first] === -1) return 'never'
    return this.replies === 'never' && Object.values(way).some((branch) => branch >= 0)
      ? 'soon'
      : this.replies
  }
  /** The ids of the forks that wait for an answer. */
  private waits(): string[] {
    return this.cards.flatMap(({ kind, fields }) =>
      kind === 'fork' && forkKind(fields) === 'on' ? [textOf(fields.id)] : [],
    )
  }

  /** The simulated follower takes a branch; -1 for `else`. */
  takeBranch(fork: string, branch: number): void {
    this.set({ branches: { ...this.branches, [fork]: branch }, replies: this.repliesOn({ [fork]: branch }) })
  }

  /** The simulated follower replies, or does not. Who replies takes a branch of a wait. */
  suppose(replies: Replies): void {
    const silent = this.waits().filter((fork) => this.branches[fork] === -1)
    const kept = Object.entries(this.branches).filter(([fork]) => !silent.includes(fork))
    this.set({ replies, ...(replies === 'never' ? {} : { branches: Object.fromEntries(kept) }) })
  }

  /** Makes a change of the file by a function of its text, and says so where it cannot be made. */
  edit(make: (text: string) => string, options: { field?: string; chosen?: Chosen } = {}): boolean {
    try {
      this.change(make(this.text), options)
      return true
    } catch (err) {
      if (!(err instanceof CannotEdit)) throw err
      const place = options.field === undefined ? this.chosen : options.field
      this.set({ blockedLine: lineOf(this.text, place.split('.')) })
      announce(this.texts.cannotEdit)
      return false
    }
  }

  /** Sets a field; undefined removes it. */
  setField(path: Path, value: unknown): void {
    this.edit((text) => setField(text, path, value), { field: keyOf(path) })
  }

  /** Somebody goes on without a value in these fields. */
  leave(keys: readonly Chosen[]): void {
    if (keys.some((key) => !this.left.has(key))) this.set({ left: new Set([...this.left, ...keys]) })
  }
  /** What is new at a path has not been left yet. */
  forgetLeft(path: Path): void {
    const key = keyOf(path)
    this.left = new Set([...this.left].filter((k) => k !== key && !k.startsWith(`${key}.`)))
  }

  /** The file that a medium was uploaded as; null: the text names another one. */
  mediumOf(id: unknown): MediaNames[string] | null {
    return this.media[textOf(id)] ?? null
  }
  /** Of the uploads that the text has named. */
  media: MediaNames = {}

  get canUndo(): boolean {
    return this.past.length > 0
  }
  get canRedo(): boolean {
    return this.future.length > 0
  }
  undo(): void {
    if (this.go(this.past, this.future)) announce(this.texts.undone)
  }
  redo(): void {
    if (this.go(this.future, this.past)) announce(this.texts.redone)
  }
  private go(from: Version[], to: Version[]): boolean {
    const version = from.pop()
    if (!version) return false
    to.push({ text: this.text, chosen: this.chosen })
    this.last = { field: '', at: 0 }
    this.text = version.text
    this.chosen = version.chosen
    this.notify()
    return true
  }

  choose(chosen: Chosen, opensForm = false): void {
    this.showWayTo(chosen)
    this.set({ chosen, blockedLine: null, isFormOpen: opensForm || this.isFormOpen })
  }
}

export type SavingState =
  | { state: 'saved'; at: number | null }
  | { state: 'changed' | 'saving' }
  /** `why`: what the server says; null: it was not reached. */
  | { state: 'failed'; why: string | null }
  | { state: 'conflict'; theirs: TheirDraft | null }

/** A draft that somebody else has saved. */
export interface TheirDraft {
  source: string
  revision: number
  at: string
  by: string
}
