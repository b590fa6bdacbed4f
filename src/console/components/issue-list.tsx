import type { Issue } from '../../campaign/issue.ts'
import { ISSUE_LIST_TEXTS } from '../texts/campaign-frame-texts.ts'
import { apiIssueText } from '../texts/errors/api-error-text.ts'
import { useText, useView } from '../view.ts'

/**
 * Errors or warnings about a campaign in the reader's language: where, what, and what to do.
 * @param editor the path of the page where the lines of the file can be changed; absent: the places are no links
 */
export const IssueList = ({ issues, editor }: { issues: readonly Issue[]; editor?: string | null }) => {
  const { language } = useView()
  return (
    <ul class="issues">
      {issues.map((issue) => {
        const { place, message, hint } = apiIssueText(issue, language)
        return (
          <li>
            <Place place={place} line={issue.line} editor={editor ?? null} /> {message}
            {hint === undefined ? null : <div class="quiet">{hint}</div>}
          </li>
        )
      })}
    </ul>
  )
}

const Place = (props: { place: string; line: number | undefined; editor: string | null }) => {
  const texts = useText(ISSUE_LIST_TEXTS)
  const { place, line, editor } = props
  if (editor === null || line === undefined) return place === '' ? null : <b>{place}</b>
  return (
    <b>
      <a href={`${editor}#line-${line}`}>{[place, texts.line(line)].filter(Boolean).join(' · ')}</a>
    </b>
  )
}
