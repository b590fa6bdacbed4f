import type { Issue } from '../../campaign/issue.ts'
import { apiIssueText } from '../texts/errors/api-error-text.ts'
import { useView } from '../view.ts'

/** Errors or warnings about a campaign in the reader's language: where, what, and what to do. */
export const IssueList = ({ issues }: { issues: readonly Issue[] }) => {
  const { language } = useView()
  return (
    <ul>
      {issues.map((issue) => {
        const { place, message, hint } = apiIssueText(issue, language)
        return (
          <li>
            {place === '' ? null : <b>{place}</b>} {message}
            {hint === undefined ? null : <div class="quiet">{hint}</div>}
          </li>
        )
      })}
    </ul>
  )
}
