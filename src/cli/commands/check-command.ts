import { checkCampaign } from '../../campaign/check.ts'
import type { CheckContext } from '../../campaign/check-context.ts'
import type { Issue } from '../../campaign/issue.ts'
import { formatIssue } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'
import { quietHoursOption, rulesOption } from '../option-parsers.ts'
import { siblingMedia } from '../sibling-media.ts'
import { readUserText } from '../user-files.ts'

/** `nurture check FILE…`. It needs no server. */
export const checkCommand = (terminal: Terminal) =>
  command('check', 'Check campaign files 检查活动文件: all errors, and the steps that WeChat would hold back')
    .argument('<files...>', 'Campaign files (YAML or JSON); several are also compared with each other')
    .addOption(rulesOption)
    .addOption(quietHoursOption())
    .action(
      printing(terminal, (files, { rules, quietHours }) => {
        const checked = checkFiles(files, {
          ...(rules ? { rules } : {}),
          ...(quietHours ? { quietHours } : {}),
        })
        const results = checked.map(({ file, issues, warnings }) => ({
          file,
          ok: issues.length === 0,
          issues,
          warnings,
        }))
        const ok = results.every((result) => result.ok)
        const [only, ...more] = results
        const value =
          only && more.length === 0
            ? { ok, issues: only.issues, warnings: only.warnings }
            : { ok, files: results }
        return { value, text: results.flatMap(linesOf).join('\n'), failed: !ok }
      }),
    )

type CheckOptions = Pick<CheckContext, 'rules' | 'quietHours' | 'others'>

function linesOf({ file, issues, warnings }: { file: string; issues: Issue[]; warnings: Issue[] }): string[] {
  const count = issues.length === 1 ? '1 error' : `${issues.length} errors`
  return [
    `${file}: ${issues.length === 0 ? 'ok' : count}`,
    ...issues.map((i) => `error  ${formatIssue(i).trim()}`),
    ...warnings.map((w) => `warning  ${formatIssue(w).trim()}`),
  ]
}

/** Checks files, and each against the others as if all of them were live. */
function checkFiles(files: readonly string[], options: CheckOptions) {
  const alone = files.map((file) => ({ file, ...checkFile(file, options) }))
  if (files.length === 1) return alone
  const campaigns = alone.flatMap(({ campaign }) => (campaign ? [campaign] : []))
  return files.map((file) => ({ file, ...checkFile(file, { ...options, others: campaigns }) }))
}

/**
 * Checks a file and the media beside it, as the server does at publication. Does not check that its accounts are registered.
 * @param options `others`: campaigns of the same accounts
 */
export function checkFile(file: string, options: CheckOptions = {}) {
  const source = readUserText(file)
  const beside = siblingMedia(file, source)
  const result = checkCampaign(source, {
    ...options,
    // Only the server knows its uploads; files are checked by siblingMedia.
    hasMedia: () => true,
  })
  const issues = [...result.issues, ...beside.issues].sort(byPlace)
  return { ...result, issues, campaign: issues.length > 0 ? null : result.campaign }
}

/** Sorts issues by line and column. Those about the whole file, such as "and 3 more errors", come last. */
function byPlace(a: Issue, b: Issue): number {
  const lineOf = ({ path, line = Number.MAX_SAFE_INTEGER }: Issue) =>
    path === '' ? Number.MAX_SAFE_INTEGER : line
  return lineOf(a) - lineOf(b) || (a.column ?? 0) - (b.column ?? 0)
}
