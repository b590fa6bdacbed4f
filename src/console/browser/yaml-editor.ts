// The editor of campaign files, on the page /campaigns/ID/yaml. Without it, the page shows the file.
import type { Issue } from '../../campaign/issue.ts'
import { placeName } from '../../campaign/texts/field-names.ts'
import { issueText } from '../../campaign/texts/issue-text.ts'
import { actorName } from '../texts/actor-name.ts'
import { bothTexts } from './yaml/both-texts.ts'
import { type CodeEditor, createCodeEditor, type Marked } from './yaml/code-editor.ts'
import { DraftApi } from './yaml/draft-api.ts'
import { DraftSaver, type SaveState } from './yaml/draft-saver.ts'
import { filled, type YamlTexts } from './yaml/texts.ts'

class YamlPage {
  readonly #place: HTMLElement
  readonly #texts: YamlTexts
  readonly #api: DraftApi
  readonly #editor: CodeEditor
  readonly #saver: DraftSaver
  /** Answers of older checks are dropped. */
  #checks = 0

  constructor(place: HTMLElement) {
    this.#place = place
    this.#texts = JSON.parse(place.dataset.texts ?? '{}') as YamlTexts
    const id = place.dataset.campaign ?? ''
    const field = this.#find<HTMLTextAreaElement>('textarea')
    const source = field?.value ?? ''
    this.#api = new DraftApi(id)
    const start = { source, revision: Number(place.dataset.revision ?? 0) }
    this.#saver = new DraftSaver(this.#api, id, start, (state, detail) => this.#showState(state, detail))
    const host = document.createElement('div')
    host.className = 'yaml-host'
    this.#editor = createCodeEditor({
      host,
      source,
      label: this.#texts.label,
      language: this.#texts.language,
      onChange: (text) => this.#saver.change(text),
      onSave: () => this.#saver.saveNow(),
    })
    field?.replaceWith(host)
    this.#offerKept()
    if (start.revision > 0) void this.#check()
    this.#goToHash()
    window.addEventListener('hashchange', () => this.#goToHash())
    window.addEventListener('beforeunload', (event) => {
      if (!this.#saver.isSaved) event.preventDefault()
    })
  }

  #find<T extends Element>(selector: string): T | null {
    return this.#place.querySelector<T>(selector)
  }

  #showState(state: SaveState, detail: string): void {
    const texts = this.#texts
    const status = this.#find('[data-status]')
    const shown = {
      saved: texts.saved,
      saving: texts.saving,
      unsaved: texts.unsaved,
      offline: texts.offline,
      conflict: detail === '' ? texts.gone : filled(texts.conflict, actorName(detail, texts.language)),
      refused: issueText({ message: detail }, texts.language).message,
    }[state]
    if (status) status.textContent = shown
    this.#place.dataset.state = state
    if (state === 'saved') void this.#check()
    if (state === 'conflict') void this.#offerConflict(shown)
  }

  async #check(): Promise<void> {
    this.#checks += 1
    const current = this.#checks
    const checked = await this.#api.check()
    if (!checked || current !== this.#checks) return
    const found = [
      ...checked.issues.map((issue) => ({ issue, severity: 'error' as const })),
      ...checked.warnings.map((issue) => ({ issue, severity: 'warning' as const })),
    ]
    this.#editor.mark(found.map(({ issue, severity }) => this.#marked(issue, severity)))
    this.#listFindings(found)
  }

  #marked(issue: Issue, severity: Marked['severity']): Marked {
    const { message } = issueText(issue, this.#texts.language)
    return { line: issue.line ?? 1, column: issue.column ?? 1, severity, message }
  }

  #listFindings(found: readonly { issue: Issue; severity: Marked['severity'] }[]): void {
    const list = this.#find('[data-findings]')
    const summary = this.#find('[data-summary]')
    if (!list || !summary) return
    const { language, wholeFile, errors, warnings, clean } = this.#texts
    const [bad, warned] = (['error', 'warning'] as const).map(
      (kind) => found.filter(({ severity }) => severity === kind).length,
    )
    const counts = [bad ? filled(errors, bad) : '', warned ? filled(warnings, warned) : ''].filter(Boolean)
    summary.textContent = counts.length === 0 ? clean : counts.join(' · ')
    list.replaceChildren(
      ...found.map(({ issue, severity }) => {
        const item = document.createElement('li')
        item.className = severity
        const button = document.createElement('button')
        button.type = 'button'
        const { line = 1, column = 1 } = issue
        const place = placeName(issue.path, language) || wholeFile
        button.textContent = `${line}:${column} ${place}`
        button.addEventListener('click', () => this.#editor.goTo(line, column))
        const { message, hint } = issueText(issue, language)
        item.append(button, ` ${message}`)
        if (hint !== undefined && hint !== message) {
          const more = document.createElement('p')
          more.className = 'quiet'
          more.textContent = hint
          item.append(more)
        }
        return item
      }),
    )
  }

  #goToHash(): void {
    const line = /^#line-(\d{1,6})$/.exec(location.hash)?.[1]
    if (line !== undefined) this.#editor.goTo(Number(line), 1)
  }

  /** A text that an earlier page could not save. */
  #offerKept(): void {
    const kept = this.#saver.kept()
    if (kept === null) return
    const { restoreKept, dropKept, kept: said } = this.#texts
    this.#ask(said, [
      [restoreKept, () => this.#editor.replace(kept)],
      [dropKept, () => this.#saver.dropKept()],
    ])
  }

  async #offerConflict(said: string): Promise<void> {
    const { takeTheirs, keepOwn, ownText, theirs } = this.#texts
    this.#ask(said, [
      [takeTheirs, () => this.#goOn(true)],
      [keepOwn, () => this.#goOn(false)],
    ])
    const current = await this.#api.read()
    const place = this.#find('[data-question]')
    // The question may have been answered meanwhile.
    if (!current || !place?.hasChildNodes()) return
    const own = { title: ownText, text: this.#editor.text() }
    place.append(bothTexts(own, { title: theirs, text: current.source }))
  }

  async #goOn(isTheirs: boolean): Promise<void> {
    const current = await this.#api.read()
    if (isTheirs && current) {
      this.#saver.goOnFrom(current.revision, current.source)
      this.#editor.replace(current.source)
    } else this.#saver.goOnFrom(current?.revision ?? 0)
  }

  /** A question above the editor. An answer closes it. */
  #ask(said: string, answers: readonly [label: string, answer: () => void | Promise<void>][]): void {
    const place = this.#find('[data-question]')
    if (!place) return
    const text = document.createElement('span')
    text.textContent = said
    const buttons = answers.map(([label, answer]) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = label
      button.addEventListener('click', () => {
        place.replaceChildren()
        void answer()
        this.#editor.focus()
      })
      return button
    })
    place.replaceChildren(text, ...buttons)
  }
}

for (const place of document.querySelectorAll<HTMLElement>('[data-yaml-editor]')) new YamlPage(place)
