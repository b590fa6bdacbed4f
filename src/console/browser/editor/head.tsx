import { campaignPath } from '../../paths.ts'
import { useEditor, useTexts } from './context.ts'
import { IconButton } from './fields.tsx'
import { focusForm, showCard } from './focus.ts'
import { Icon } from './icon.tsx'
import { allIssues, cardOfIssue, emptyFields } from './issues.ts'
import { clockTime } from './wording.ts'

/** What state the draft is in, and what can be done with all of it. */
export const EditorHead = () => {
  const { store } = useEditor()
  const texts = useTexts()
  const { id, mayChange, live } = store.data
  const at = campaignPath(id)
  const isUnchanged = live !== null && store.saving.state === 'saved' && store.saving.at === null
  return (
    <header class="editor-head">
      <div class="editor-state">
        <span class="pill">{isUnchanged ? texts.published : texts.draft}</span>
        <SavingText />
        <span class="quiet">{live ? texts.liveVersion(live.version) : texts.neverPublished}</span>
      </div>
      <div class="editor-actions">
        {mayChange ? (
          <>
            <IconButton
              icon="undo-2"
              label={texts.undo}
              disabled={!store.canUndo}
              onClick={() => store.undo()}
            />
            <IconButton
              icon="redo-2"
              label={texts.redo}
              disabled={!store.canRedo}
              onClick={() => store.redo()}
            />
            <a class="button" href={`${at}/test`}>
              <Icon name="send" />
              {texts.testSend}
            </a>
            <a
              class="button main"
              data-publish
              href={`${at}/publish`}
              onClick={() => store.analysis && store.leave(emptyFields(store.analysis))}
            >
              {texts.publish}
            </a>
          </>
        ) : null}
      </div>
      <IssueCount />
    </header>
  )
}

/** Also said to readers of the screen, but only when saving fails. */
const SavingText = () => {
  const { store } = useEditor()
  const { texts, saving, data } = store
  if (!data.mayChange) return <span>{texts.readOnly}</span>
  switch (saving.state) {
    case 'saved':
      return (
        <span data-saving="saved">
          {saving.at === null ? texts.noDraft : texts.savedAt(clockTime(saving.at))}
        </span>
      )
    case 'changed':
      return <span data-saving="changed">{texts.unsaved}</span>
    case 'saving':
      return <span data-saving="saving">{texts.saving}</span>
    case 'conflict':
      return (
        <b class="bad" role="alert" data-saving="conflict">
          {texts.inConflict}
        </b>
      )
    default:
      return (
        <b class="bad" role="alert" data-saving="failed">
          {saving.why === null ? texts.notSaved : `${texts.notSaved} (${saving.why})`}
        </b>
      )
  }
}

/** How many errors and warnings there are. A click goes to the next one. */
const IssueCount = () => {
  const { store } = useEditor()
  const { texts, analysis, isChecking } = store
  const issues = allIssues(store)
  const errors = issues.filter(({ tone }) => tone === 'red').length
  const toFill = issues.filter(({ tone }) => tone === 'empty').length
  const warnings = issues.length - errors - toFill
  if (!analysis)
    return <span class="issue-count quiet">{isChecking ? texts.checking : texts.checkFailed}</span>
  if (issues.length === 0)
    return (
      <span class="issue-count good" role="status">
        <Icon name="circle-check" />
        {texts.noIssues}
      </span>
    )
  const next = () => {
    const places = issues.map((issue) => cardOfIssue(store, issue))
    const at = places.lastIndexOf(store.chosen)
    const found = places[(at + 1) % places.length] ?? 'campaign'
    store.choose(found, true)
    focusForm()
    showCard(found)
  }
  const counts = [
    errors > 0 ? texts.errors(errors) : '',
    toFill > 0 ? texts.toFillCount(toFill) : '',
    warnings > 0 ? texts.warnings(warnings) : '',
  ].filter(Boolean)
  const [tone, icon] =
    errors > 0 ? ['bad', 'circle-alert'] : toFill > 0 ? ['to-fill', 'list'] : ['mild', 'triangle-alert']
  return (
    <button type="button" class={`issue-count ${tone}`} title={texts.nextIssue} onClick={next}>
      <Icon name={icon} />
      {counts.join(' · ')}
      {errors + toFill === 0 ? <span class="quiet">{texts.publishable}</span> : null}
    </button>
  )
}
