import { callApi, server } from './api-client.ts'
import { command, UsageError } from './command.ts'
import { table } from './table.ts'

interface Change {
  at: string
  actor: string
  action: string
  target: string
  details: unknown
}

const PAGE_MAX = 200

/** `nurture audit` */
export const audit = command({
  name: 'audit',
  description: 'Who changed what, newest first 操作记录',
  args: {
    limit: { type: 'string', default: '50', description: `How many, ${PAGE_MAX} at most`, valueHint: 'n' },
    cursor: { type: 'string', description: 'Go on there: what the page before said', valueHint: 'text' },
    ...server,
  },
  async run(args) {
    if (!/^\d{1,3}$/.test(args.limit) || Number(args.limit) < 1 || Number(args.limit) > PAGE_MAX)
      throw new UsageError(`--limit is a number from 1 to ${PAGE_MAX}, not ${args.limit}`)
    const page = await callApi<{ items: Change[]; next: string | null }>(args, {
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
