import { checkCampaign } from '../../campaign/check.ts'
import { formatIssue } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'
import { rulesOption } from '../option-parsers.ts'
import { siblingMedia } from '../sibling-media.ts'
import { readUserText } from '../user-files.ts'

/** `nurture check FILE`: needs no server. */
export const checkCommand = (terminal: Terminal) =>
  command('check', 'Check a campaign file 检查活动文件: every error, and what WeChat will hold back')
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

/** Checks a file and the media beside it as publishing would. Whether its accounts are registered is not checked. */
export function checkFile(file: string, rules?: 'wechat-2023' | 'classic-48h') {
  const source = readUserText(file)
  const beside = siblingMedia(file, source)
  const result = checkCampaign(source, {
    ...(rules ? { rules } : {}),
    // Only the server knows its uploads; files are checked by siblingMedia.
    hasMedia: () => true,
  })
  const issues = [...result.issues, ...beside.issues]
  return { ...result, issues, campaign: issues.length > 0 ? null : result.campaign }
}
