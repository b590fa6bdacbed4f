import type { MessageTable } from '../../shared/message-texts.ts'
import { STRUCTURE_TEXTS, TEMPLATE_TEXTS } from './check-texts.ts'
import type { Language } from './field-names.ts'
import { FIELD_TEXTS, READING_TEXTS } from './file-texts.ts'
import { createIssueTexts, type IssueText } from './issue-texts.ts'
import { ELIGIBILITY_TEXTS, WARNING_TEXTS } from './warning-texts.ts'

/** Every message about a campaign, with its Chinese text. */
export const CAMPAIGN_TABLES: readonly MessageTable[] = [
  FIELD_TEXTS,
  READING_TEXTS,
  STRUCTURE_TEXTS,
  TEMPLATE_TEXTS,
  WARNING_TEXTS,
  ELIGIBILITY_TEXTS,
]

const texts = createIssueTexts(CAMPAIGN_TABLES)

/**
 * An error or a warning about a campaign in the language of its reader. Pure and without Node, for pages and for the editor in
 * the browser. `placeName` has the place of the issue in words.
 * @param issue as `checkCampaign` and the API report it
 */
export function issueText(
  issue: { message: string; hint?: string | undefined },
  language: Language,
): IssueText {
  return texts.of(issue, language)
}
