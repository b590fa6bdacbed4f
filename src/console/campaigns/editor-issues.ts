import { type Fields, pathIn, valueAt } from '../../campaign/editing/campaign-items.ts'
import type { Fix } from '../../campaign/fixes/fix.ts'
import type { Issue } from '../../campaign/issue.ts'
import { helpFor } from '../../campaign/issue-help.ts'
import { issueText } from '../../campaign/texts/issue-text.ts'
import { isRecord } from '../../shared/is-record.ts'
import type { EditorIssue } from '../editor-data.ts'
import type { Language } from '../texts/bilingual.ts'
import { fixText } from '../texts/fix-texts.ts'

/**
 * The issues of a file for its editor. A required field without a value has one that says so, at the field itself: the form knows
 * what the field is called, and whether its writer has been there.
 * @param fields the file
 * @param fixesOf the changes that remove the reason of an issue
 */
export function editorIssues(
  issues: readonly Issue[],
  {
    fields,
    fixesOf,
    language,
  }: { fields: Fields; fixesOf: (issue: Issue) => readonly Fix[]; language: Language },
): EditorIssue[] {
  const found: EditorIssue[] = []
  for (const issue of issues) {
    const empty = emptyField(fields, issue)
    if (empty !== null && found.some(({ path, isEmpty }) => isEmpty && path === empty)) continue
    const { line } = issue
    const fixes = empty === null ? fixesOf(issue) : []
    found.push({
      path: empty ?? issue.path,
      ...(line === undefined ? {} : { line }),
      ...wordsOf(issue, language),
      ...(empty === null ? {} : { isEmpty: true }),
      ...(fixes.length > 0
        ? { fixes: fixes.map((fix) => ({ label: fixText(fix, language), edits: fix.edits })) }
        : {}),
    })
  }
  return found
}

/** The path of the field that is still to be filled in; null: the issue is about a value. */
function emptyField(fields: Fields, { path, message }: Issue): string | null {
  const value = valueAt(fields, pathIn(fields, path))
  if (value === '' || (value === null && !message.startsWith('unknown'))) return path
  const hasNoMedium = (of: Fields) => !of.file && !of.mediaId
  return message === 'must have either file or mediaId' && isRecord(value) && hasNoMedium(value)
    ? `${path}.file`
    : null
}

/** Without the words of the file: forms have their own, and say what a field means. */
function wordsOf(issue: Issue, language: Language): Pick<EditorIssue, 'message' | 'hint'> {
  const { hint: given, ...withoutHint } = issue
  const isOfFormat = given === helpFor(withoutHint).hint
  const { message, hint } = issueText(
    { message: issue.message, hint: isOfFormat ? undefined : given },
    language,
  )
  return {
    message: language === 'zh' ? message.replaceAll(FILE_WORD, '') : message,
    ...(hint === undefined ? {} : { hint }),
  }
}
/** A word of the file after its name in Chinese: 素材（file）. */
const FILE_WORD = /（[a-z][A-Za-z-]*）/g
