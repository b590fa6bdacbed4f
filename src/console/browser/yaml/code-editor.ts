import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { campaignCompletion } from './completion.ts'

/** A finding of the check, at a line and column counted from 1. */
export interface Marked {
  line: number
  column: number
  severity: 'error' | 'warning'
  message: string
}

export interface CodeEditor {
  text(): string
  replace(text: string): void
  mark(found: readonly Marked[]): void
  goTo(line: number, column: number): void
  focus(): void
}

/**
 * An editor of YAML in a shadow root: there its styles are adopted style sheets, which a strict content security policy allows.
 * The colours are the custom properties of the page.
 */
export function createCodeEditor(options: {
  host: HTMLElement
  source: string
  label: string
  language: 'zh' | 'en'
  onChange(text: string): void
  onSave(): void
}): CodeEditor {
  const { host, source, label, language, onChange, onSave } = options
  const root = host.attachShadow({ mode: 'open' })
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: source,
      extensions: [
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        closeBrackets(),
        lintGutter(),
        yaml(),
        syntaxHighlighting(COLOURS),
        autocompletion({ override: [campaignCompletion(language)], icons: false }),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
        EditorView.lineWrapping,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString())
        }),
        keymap.of([
          {
            key: 'Mod-s',
            preventDefault: true,
            run: () => {
              onSave()
              return true
            },
          },
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
        ]),
        THEME,
      ],
    }),
  })
  return {
    text: () => view.state.doc.toString(),
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    mark(found) {
      view.dispatch(
        setDiagnostics(
          view.state,
          found.map((one) => diagnosticOf(view.state, one)),
        ),
      )
    },
    goTo(line, column) {
      const at = positionOf(view.state, line, column)
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
      view.focus()
    },
    focus: () => view.focus(),
  }
}

function positionOf({ doc }: EditorState, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines))
  return Math.min(from + Math.max(0, column - 1), to)
}

/** From the place to the end of its word, so that there is something to underline. */
function diagnosticOf(state: EditorState, { line, column, severity, message }: Marked): Diagnostic {
  const from = positionOf(state, line, column)
  const rest = state.doc.lineAt(from).text.slice(from - state.doc.lineAt(from).from)
  const length = /^[^\s,\]}]+/.exec(rest)?.[0].length ?? 0
  return { from, to: from + length, severity, message }
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--brand-ink)' },
  { tag: [tags.string, tags.content], color: 'var(--green-ink)' },
  { tag: tags.comment, color: 'var(--ink-3)' },
  { tag: [tags.keyword, tags.bool, tags.number], color: 'var(--rose-ink)' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--ink-2)' },
  { tag: tags.invalid, color: 'var(--red-ink)' },
])

const THEME = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--ink)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', minHeight: '320px' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-3)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--sunken)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--brand-soft)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line-2)',
    borderRadius: '6px',
    backgroundColor: 'var(--surface)',
    color: 'var(--ink)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--brand-soft)',
    color: 'var(--ink)',
  },
  '.cm-completionInfo': { maxWidth: '320px', padding: '6px 10px', whiteSpace: 'pre-wrap' },
  // In place of pictures in data URLs, which the content security policy refuses.
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--red)',
    textUnderlineOffset: '3px',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--amber)',
    textUnderlineOffset: '3px',
  },
  '.cm-lint-marker': { width: '8px', height: '8px', margin: '6px 0 0 3px', borderRadius: '50%' },
  '.cm-lint-marker-error': { content: '""', backgroundColor: 'var(--red)' },
  '.cm-lint-marker-warning': { content: '""', backgroundColor: 'var(--amber)', borderRadius: '1px' },
  '.cm-diagnostic': { padding: '6px 10px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--red)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--amber)' },
})
