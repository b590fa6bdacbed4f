import { Option } from '@commander-js/extra-typings'
import { type PreviewEvent, previewCampaign } from '../../campaign/preview.ts'
import { formatIssue } from '../api-client.ts'
import { CommandError, command, printing, type Terminal } from '../cli-command.ts'
import { rulesOption, toDurations } from '../option-parsers.ts'
import { table } from '../table.ts'
import { checkFile } from './check-command.ts'

const eventOption = <const Flags extends string>(flags: Flags, verb: string) =>
  new Option(flags, `The follower ${verb} this long after the entry; several times separated by commas`)
    .argParser(toDurations)
    .default([], 'none')

/** `nurture preview FILE`. It needs no server. */
export const previewCommand = (terminal: Terminal) =>
  command('preview', 'Show when each step goes out, and which grant pays 预览时间线')
    .argument('<file>', 'Campaign file (YAML or JSON)')
    .addOption(rulesOption)
    .addOption(eventOption('--reply-after <times>', 'sends a message'))
    .addOption(eventOption('--click-after <times>', 'taps a menu'))
    .addOption(eventOption('--scan-after <times>', 'scans a QR code'))
    .addOption(eventOption('--unfollow-after <times>', 'unfollows'))
    .action(
      printing(terminal, (file, { rules = 'wechat-2023', ...times }) => {
        const { campaign, issues, warnings } = checkFile(file, rules)
        if (!campaign) {
          const message = [`${file} cannot be previewed.`, ...issues.map(formatIssue)].join('\n')
          throw new CommandError(message, {
            error: { code: 'refused', message: 'The campaign has errors.', issues },
          })
        }
        const eventsOf = (name: PreviewEvent['do'], after: readonly number[]): PreviewEvent[] =>
          after.map((atMs) => ({ atMs, do: name }))
        const events = [
          ...eventsOf('reply', times.replyAfter),
          ...eventsOf('click', times.clickAfter),
          ...eventsOf('scan', times.scanAfter),
          ...eventsOf('unfollow', times.unfollowAfter),
        ]
        const timeline = previewCampaign({ campaign, rules, events })
        return {
          value: { timeline, warnings },
          text: table(
            ['when', 'step', 'state', 'paid by', 'reason'],
            timeline.map((l) => [l.at, l.step, l.state, l.grant, l.reason]),
          ),
          notes: warnings.map((w) => `warning  ${formatIssue(w).trim()}`),
        }
      }),
    )
