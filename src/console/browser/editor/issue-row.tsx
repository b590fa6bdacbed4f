import { applyEdits } from '../../../campaign/editing/apply-edits.ts'
import type { EditorFix } from '../../editor-data.ts'
import { announce } from '../announce.ts'
import { useStore } from './context.ts'
import { Icon } from './icon.tsx'
import { cardOfIssue, type ShownIssue } from './issues.ts'
import type { EditorStore } from './store.ts'

/** What is still to be filled in, on a card. */
export const ToFill = ({ count }: { count: number }) => (
  <span class="pill to-fill">{useStore().texts.toFillCount(count)}</span>
)

/** What is wrong, with the changes that would fix it. */
export const IssueRow = ({ issue, showsPlace = false }: { issue: ShownIssue; showsPlace?: boolean }) => {
  const { texts } = useStore()
  const { tone, message, line, path } = issue
  return (
    <li class={tone}>
      <Icon name={tone === 'red' ? 'circle-alert' : 'triangle-alert'} />
      <span>
        {showsPlace && line !== undefined ? <small class="pill">{texts.line(line)}</small> : null}
        {showsPlace ? <code translate={false}>{path}</code> : null} {message}
        <Fixes issue={issue} />
      </span>
    </li>
  )
}

/** A button for each change that removes the reason of an issue. */
export const Fixes = ({ issue }: { issue: ShownIssue }) => {
  const store = useStore()
  if (!store.data.mayChange || !issue.fixes) return null
  return (
    <span class="fixes">
      {issue.fixes.map((fix) => (
        <button type="button" key={fix.label} onClick={() => applyFix(store, issue, fix)}>
          {fix.label}
        </button>
      ))}
    </span>
  )
}

/** Changes the text that the issue is about, as one change that can be undone. */
function applyFix(store: EditorStore, issue: ShownIssue, { label, edits }: EditorFix): void {
  if (store.text !== store.analysedText) {
    announce(store.texts.checking)
    return
  }
  if (!store.edit((text) => applyEdits(text, edits))) return
  announce(store.texts.fixed(label))
  const { cards, chosen } = store
  const isThere = cards.some(({ path }) => path.join('.') === chosen) || !chosen.startsWith('steps')
  if (!isThere) store.choose(cardOfIssue(store, issue))
}
