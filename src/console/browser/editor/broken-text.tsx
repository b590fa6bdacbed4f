import { useStore } from './context.ts'
import { Icon } from './icon.tsx'
import { IssueRow } from './issue-row.tsx'
import { allIssues } from './issues.ts'

/**
 * The text of a file that is no YAML: it must be corrected before it has cards. The errors below it say in the reader's language
 * what is wrong.
 */
export const BrokenText = () => {
  const store = useStore()
  const { texts, file } = store
  return (
    <section class="card yaml">
      {file.problem === null ? null : (
        <p class="note red" role="alert">
          <Icon name="circle-alert" />
          <span>{texts.brokenYaml}</span>
        </p>
      )}
      <textarea
        class="code"
        aria-label={texts.yamlText}
        spellcheck={false}
        readOnly={!store.data.mayChange}
        rows={28}
        value={store.text}
        onInput={({ currentTarget }) => store.change(currentTarget.value, { field: 'yaml' })}
      />
      <ul class="card-issues">
        {allIssues(store).map((issue) => (
          <IssueRow issue={issue} showsPlace={true} />
        ))}
      </ul>
    </section>
  )
}
