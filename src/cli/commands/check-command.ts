import { checkCampaign } from '../../campaign/check.ts'
import type { Issue } from '../../campaign/issue.ts'
import { formatIssue } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'
import { rulesOption } from '../option-parsers.ts'
import { siblingMedia } from '../sibling-media.ts'
import { readUserText } from '../user-files.ts'

/** `nurture check FILE`. It needs no server. */
export const checkCommand = (terminal: Terminal) =>
  command(
    'check',
    'Check a campaign file 检查活动文件: all errors, and the steps that WeChat would hold back',
  )
    .argument('<file>', 'Campaign file (YAML or JSON)')
    .addOption(rulesOption)
    .action(
      printing(terminal, (file, { rules }) => {
        const { issues, warnings } = checkFile(file, rules)
        const ok = issues.length === 0
        const count = issues.length === 1 ? '1 error' : `${issues.length} errors`
        const lines = [
          `${file}: ${ok ? 'ok' : count}`,
          ...issues.map((i) => `error  ${formatIssue(i).trim()}`),
          ...warnings.map((w) => `warning  ${formatIssue(w).trim()}`),
        ]
        return { value: { ok, issues, warnings }, text: lines.join('\n'), failed: !ok }
      }),
    )

/**
 * Checks a file and the media beside it, as the server does at publication. Does not check that its accounts are registered.
 * @param preview true when the file may have words that nothing executes yet
 */
export function checkFile(file: string, rules?: 'wechat-2023' | 'classic-48h', preview = false) {
  const source = readUserText(file)
  const beside = siblingMedia(file, source)
  const result = checkCampaign(source, {
    ...(rules ? { rules } : {}),
    preview,
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
