import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { callApi, urlOption } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'

interface AuditEntry {
  at: string
  actor: string
  action: string
  target: string
  details: unknown
}

const MAX_PAGE_SIZE = 200

const limitOption = new Option('--limit <n>', `Number of entries, at most ${MAX_PAGE_SIZE}`)
  .argParser((text) => {
    const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
    if (limit < 1 || limit > MAX_PAGE_SIZE)
      throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_PAGE_SIZE}.`)
    return limit
  })
  .default(50)

/** `nurture audit` */
export const auditCommand = (terminal: Terminal) =>
  command('audit', 'Show who changed what, newest first 操作记录')
    .option('--actor <name>', 'Only changes of this user, token or program')
    .option('--action <name>', 'Only this change, like campaign.publish')
    .option('--target <id>', 'Only changes of this account, campaign, user …')
    .option('--from <time>', 'Not before this time, like 2026-11-30T00:00:00+08:00')
    .option('--to <time>', 'Before this time')
    .addOption(limitOption)
    .option('--cursor <text>', 'Continue from here: the cursor that the page before printed')
    .addOption(urlOption)
    .action(
      printing(terminal, async ({ limit, cursor, actor, action, target, from, to, ...options }) => {
        const page = await callApi<{ items: AuditEntry[]; next: string | null }>(options, {
          path: '/api/audit',
          query: { limit: String(limit), cursor, actor, action, target, from, to },
        })
        const rows = page.items.map((e) => [
          e.at,
          e.actor,
          e.action,
          e.target,
          e.details === null ? '' : JSON.stringify(e.details),
        ])
        return {
          value: page,
          text: table(['at', 'actor', 'action', 'target', 'details'], rows),
          notes: page.next ? [`older entries: --cursor ${page.next}`] : [],
        }
      }),
    )
