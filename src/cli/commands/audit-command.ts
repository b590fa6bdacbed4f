import { callApi, serverOption } from '../api-client.ts'
import { cliCommand, UsageError } from '../cli-command.ts'
import { table } from '../table.ts'

interface AuditEntry {
  at: string
  actor: string
  action: string
  target: string
  details: unknown
}

const MAX_PAGE_SIZE = 200

/** `nurture audit` */
export const audit = cliCommand({
  name: 'audit',
  description: 'Who changed what, newest first 操作记录',
  args: {
    limit: {
      type: 'string',
      default: '50',
      description: `How many, ${MAX_PAGE_SIZE} at most`,
      valueHint: 'n',
    },
    cursor: { type: 'string', description: 'Go on there: what the page before said', valueHint: 'text' },
    ...serverOption,
  },
  async run(args) {
    if (!/^\d{1,3}$/.test(args.limit) || Number(args.limit) < 1 || Number(args.limit) > MAX_PAGE_SIZE)
      throw new UsageError(`--limit is a number from 1 to ${MAX_PAGE_SIZE}, not ${args.limit}`)
    const page = await callApi<{ items: AuditEntry[]; next: string | null }>(args, {
      path: '/api/audit',
      query: { limit: args.limit, cursor: args.cursor },
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
      text: table(['at', 'who', 'action', 'target', 'details'], rows),
      notes: page.next ? [`older ones: --cursor ${page.next}`] : [],
    }
  },
})
