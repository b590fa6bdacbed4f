import type { Issue } from '../../campaign/issue.ts'
import { isRecord } from '../../shared/is-record.ts'
import { issuePlace, issueWords } from '../steps/issue-place.ts'
import { ISSUE_LIST_TEXTS } from '../texts/campaign-frame-texts.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { apiIssueText } from '../texts/errors/api-error-text.ts'
import { useText, useView } from '../view.ts'
import { Code, Data } from './basics.tsx'
import { type Named, useMedia, useStepNames } from './step-name.tsx'

/**
 * Errors or warnings about a campaign in the reader's language: where, what, and what to do.
 * @param of the fields of the file, which name the steps; null: it cannot be read
 * @param editor the path of the page where the lines of the file can be changed; absent: the places are no links
 */
export const IssueList = (props: { issues: readonly Issue[]; of: Named; editor?: string | null }) => {
  const { language } = useView()
  const { issues, of, editor = null } = props
  const names = useStepNames(of)
  return (
    <ul class="issues">
      {issues.map((issue) => {
        const { message, hint } = apiIssueText(issue, language)
        const shown = { names, fields: of, language }
        return (
          <li>
            <Place issue={issue} of={of} editor={editor} /> {issueWords(message, issue.message, shown)}
            {hint === undefined ? null : <div class="quiet">{issueWords(hint, issue.hint ?? '', shown)}</div>}
          </li>
        )
      })}
    </ul>
  )
}

/** The step, its field and the line; with the id for those who look for it in the file. */
const Place = ({ issue, of, editor }: { issue: Issue; of: Named; editor: string | null }) => {
  const texts = useText(ISSUE_LIST_TEXTS)
  const { stepTitle } = useText(EDITOR_TEXTS)
  const { language } = useView()
  const media = useMedia()
  const { line } = issue
  const found = isRecord(of) ? issuePlace(issue.path, of, language, media) : null
  const ofCampaign = found ? '' : apiIssueText(issue, language).place
  const isLink = editor !== null && line !== undefined
  const after = [
    found?.branch ? texts.branch(found.branch) : '',
    found?.field,
    ofCampaign,
    isLink ? texts.line(line) : '',
  ].filter((part) => part !== undefined && part !== '')
  if (!found && after.length === 0) return null
  const words = found ? (
    <>
      {stepTitle(found.number)} <Data>{found.what}</Data>
      {after.map((part) => ` · ${part}`)}
    </>
  ) : (
    after.join(' · ')
  )
  return (
    <>
      <b>{isLink ? <a href={`${editor}#line-${line}`}>{words}</a> : words}</b>
      {found && found.id !== '' ? (
        <>
          {' '}
          <small class="quiet">
            <Code>{found.id}</Code>
          </small>
        </>
      ) : null}
    </>
  )
}
