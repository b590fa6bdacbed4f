import { Option } from '@commander-js/extra-typings'
import { streamFromApi } from '../api-client.ts'
import { printing, type Terminal } from '../cli-command.ts'
import { forceOption, outOption, saveDownload, savedFile } from '../save-download.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'

export const runsCommand = (terminal: Terminal) =>
  campaignCommand('runs', 'Export the runs of a campaign, one JSON object a line')
    .option('--from <day>', 'First day of entries, like 2026-11-30')
    .option('--to <day>', 'Last day of entries')
    .option('--file-version <number>', 'Only this version of the campaign file')
    .option('--account <appId>', 'Only this account')
    .addOption(new Option('--format <format>', 'The only format').choices(['jsonl']))
    .option('--open-ids', "With the followers' openIds: needs the role operator, and is in the audit log")
    .addOption(outOption)
    .addOption(forceOption)
    .action(
      printing(terminal, async (id, options) => {
        const { from, to, fileVersion, account, format: _format, openIds, out, force, ...server } = options
        const query = {
          from,
          to,
          version: fileVersion,
          appId: account,
          openIds: openIds ? 'true' : undefined,
        }
        const parts = streamFromApi(server, { path: `${pathOf(id)}/runs.jsonl`, query })
        // OpenIds are personal data.
        const runs = await saveDownload(terminal, parts, { out, force, isPrivate: openIds ?? false })
        return savedFile(out, { runs })
      }),
    )
