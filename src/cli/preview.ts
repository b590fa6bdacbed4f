import { type PreviewEvent, previewCampaign } from '../campaign/preview.ts'
import { formatIssue } from './api-client.ts'
import { checkFile } from './check.ts'
import { command, Failure } from './command.ts'
import { durationsOf, rulesOf, rulesOption } from './options.ts'
import { table } from './table.ts'

const after = (what: string) =>
  ({
    type: 'string',
    description: `The follower ${what}, this long after the entry; several with commas`,
    valueHint: '40s',
  }) as const

/** `nurture preview FILE`: needs nothing to be running. */
export const preview = command({
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
    const rules = rulesOf(args.rules) ?? 'wechat-2023'
    const { campaign, issues, warnings } = checkFile(args.file, rules)
    if (!campaign) {
      const message = [`${args.file} cannot be played:`, ...issues.map(formatIssue)].join('\n')
      throw new Failure(message, { error: { code: 'refused', message: 'The campaign has errors.', issues } })
    }
    const events: PreviewEvent[] = (['reply', 'click', 'scan', 'unfollow'] as const).flatMap((act) =>
      durationsOf(`${act}-after`, args[`${act}-after`]).map((atMs) => ({ atMs, do: act })),
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
