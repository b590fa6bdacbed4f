import { type PreviewEvent, previewCampaign } from '../../campaign/preview.ts'
import { formatIssue } from '../api-client.ts'
import { CommandError, cliCommand } from '../cli-command.ts'
import { parseDurations, parseRules, rulesOption } from '../option-parsers.ts'
import { table } from '../table.ts'
import { checkFile } from './check-command.ts'

const after = (what: string) =>
  ({
    type: 'string',
    description: `The follower ${what}, this long after the entry; several with commas`,
    valueHint: '40s',
  }) as const

/** `nurture preview FILE`: needs nothing to be running. */
export const preview = cliCommand({
  name: 'preview',
  description: 'Show when each step goes, and which grant pays 预览时间线',
  args: {
    file: { type: 'positional', required: true, description: 'The campaign file (YAML or JSON)' },
    ...rulesOption,
    'reply-after': after('types a message'),
    'click-after': after('taps a menu'),
    'scan-after': after('scans a code'),
    'unfollow-after': after('unfollows'),
  },
  run(args) {
    const rules = parseRules(args.rules) ?? 'wechat-2023'
    const { campaign, issues, warnings } = checkFile(args.file, rules)
    if (!campaign) {
      const message = [`${args.file} cannot be played:`, ...issues.map(formatIssue)].join('\n')
      throw new CommandError(message, {
        error: { code: 'refused', message: 'The campaign has errors.', issues },
      })
    }
    const events: PreviewEvent[] = (['reply', 'click', 'scan', 'unfollow'] as const).flatMap((action) =>
      parseDurations(`${action}-after`, args[`${action}-after`]).map((atMs) => ({ atMs, do: action })),
    )
    const timeline = previewCampaign({ campaign, rules, events })
    return {
      value: { timeline, warnings },
      text: table(
        ['when', 'step', 'state', 'paid by', 'reason'],
        timeline.map((l) => [l.at, l.step, l.state, l.grant, l.reason]),
      ),
      notes: warnings.map((w) => `warning  ${formatIssue(w).trim()}`),
    }
  },
})
