import { checkCampaign } from '../../campaign/check.ts'
import { formatIssue } from '../api-client.ts'
import { cliCommand } from '../cli-command.ts'
import { parseRules, rulesOption } from '../option-parsers.ts'
import { siblingMedia } from '../sibling-media.ts'
import { readUserText } from '../user-files.ts'

/** `nurture check FILE`: needs nothing to be running. */
export const check = cliCommand({
  name: 'check',
  description: 'Check a campaign file 检查活动文件: every error, and what WeChat will hold back',
  args: {
    file: { type: 'positional', required: true, description: 'The campaign file (YAML or JSON)' },
    ...rulesOption,
  },
  run({ file, rules }) {
    const found = checkFile(file, parseRules(rules))
    const { issues, warnings } = found
    const ok = issues.length === 0
    const title = ok ? `${file}: ok` : `${file}: ${issues.length} ${issues.length === 1 ? 'error' : 'errors'}`
    const lines = [
      title,
      ...issues.map((i) => `error  ${formatIssue(i).trim()}`),
      ...warnings.map((w) => `warning  ${formatIssue(w).trim()}`),
    ]
    return { value: { ok, issues, warnings }, text: lines.join('\n'), failed: !ok }
  },
})

/** Checks a file as publishing would, with the media that stand beside it; accounts are not asked for. */
export function checkFile(file: string, rules?: 'wechat-2023' | 'classic-48h') {
  const source = readUserText(file)
  const beside = siblingMedia(file, source)
  const result = checkCampaign(source, {
    ...(rules ? { rules } : {}),
    // Uploads are known to the server only; what is named by a file must stand beside this one.
    hasMedia: () => true,
  })
  const issues = [...result.issues, ...beside.issues]
  return { ...result, issues, campaign: issues.length > 0 ? null : result.campaign }
}
