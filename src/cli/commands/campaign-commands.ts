import { NUMERIC_FIELDS } from '../../campaign/check.ts'
import { readYaml } from '../../campaign/read-yaml.ts'
import { callApi, formatIssue, serverOption } from '../api-client.ts'
import { CommandError, cliCommand } from '../cli-command.ts'
import { type SiblingMedium, siblingMedia } from '../sibling-media.ts'
import { table } from '../table.ts'
import { readUserText } from '../user-files.ts'
import { fetchAllPages } from './account-commands.ts'
import { upload } from './media-commands.ts'

interface CampaignItem {
  id: string
  name: string
  version: number
  state: string
  accounts: string[] | null
  publishedAt: string
}

const id = { type: 'positional', required: true, description: 'Id of the campaign' } as const
const pathOf = (campaign: string) => `/api/campaigns/${encodeURIComponent(campaign)}`

const put = cliCommand({
  name: 'put',
  description: 'Publish a campaign file; media that stand beside it are uploaded',
  args: {
    file: { type: 'positional', required: true, description: 'The campaign file (YAML or JSON)' },
    bodies: {
      type: 'enum',
      options: ['running'],
      description: 'running: message bodies of runs in flight follow too',
    },
    ...serverOption,
  },
  async run(args) {
    const source = readUserText(args.file)
    const campaign = campaignIdOf(source)
    const { media, issues, text } = siblingMedia(args.file, source)
    if (issues.length > 0) {
      const message = ['The campaign cannot be published.', ...issues.map(formatIssue)].join('\n')
      throw new CommandError(message, {
        error: { code: 'refused', message: 'Media are missing or wrong.', issues },
      })
    }
    const notes = await uploadAll(args, media)
    const published = await callApi<{
      id: string
      version: number
      warnings: { path: string; message: string }[]
    }>(args, {
      method: 'PUT',
      path: pathOf(campaign),
      query: { bodies: args.bodies },
      body: { type: 'application/yaml', content: text() },
    })
    return {
      value: published,
      text: `${published.id}: version ${published.version} is live`,
      notes: [...notes, ...published.warnings.map((w) => `warning  ${formatIssue(w).trim()}`)],
    }
  },
})

const list = cliCommand({
  name: 'list',
  description: 'All campaigns',
  args: { ...serverOption },
  async run(args) {
    const items = await fetchAllPages<CampaignItem>(args, '/api/campaigns')
    const rows = items.map((c) => [
      c.id,
      c.name,
      c.version,
      c.state,
      c.accounts?.join(' ') ?? 'all',
      c.publishedAt,
    ])
    return {
      value: { items },
      text: table(['id', 'name', 'version', 'state', 'accounts', 'published'], rows),
    }
  },
})

const show = cliCommand({
  name: 'show',
  description: "One campaign's file as published",
  args: { id, ...serverOption },
  async run(args) {
    const found = await callApi<{ source: string }>(args, { path: pathOf(args.id) })
    return { value: found, text: found.source.trimEnd() }
  },
})

const accounts = cliCommand({
  name: 'accounts',
  description: 'The accounts that a campaign serves, and what stands against it there',
  args: { id, ...serverOption },
  async run(args) {
    const path = `${pathOf(args.id)}/accounts`
    const items = await fetchAllPages<{
      appId: string
      name: string | null
      takes: boolean
      reasons: string[]
    }>(args, path)
    const rows = items.map((a) => [a.appId, a.name, a.takes ? 'yes' : 'NO', a.reasons.join('; ')])
    return { value: { items }, text: table(['appId', 'name', 'takes it', 'what to do'], rows) }
  },
})

const setState = (verb: 'pause' | 'resume') =>
  cliCommand({
    name: verb,
    description:
      verb === 'pause' ? 'No new followers; steps of those inside are held' : 'Go on after a pause',
    args: { id, ...serverOption },
    async run(args) {
      const found = await callApi<CampaignItem>(args, { method: 'POST', path: `${pathOf(args.id)}/${verb}` })
      return { value: found, text: `${found.id}: ${found.state}` }
    },
  })

const remove = cliCommand({
  name: 'remove',
  description: 'No new followers; those inside go on to the end',
  args: { id, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'DELETE', path: pathOf(args.id) })
    return { value: { id: args.id, removed: true }, text: `${args.id}: removed` }
  },
})

export const campaignCommands = {
  put,
  list,
  show,
  accounts,
  pause: setState('pause'),
  resume: setState('resume'),
  remove,
}

function campaignIdOf(source: string): string {
  const { value, issues } = readYaml(source, NUMERIC_FIELDS)
  const campaign = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined
  if (value === undefined || campaign === undefined) {
    const about = issues.filter((i) => i.path === '' || i.path === 'id')
    if (about.length > 0)
      throw new CommandError(['The file is not readable.', ...about.map(formatIssue)].join('\n'))
  }
  if (typeof campaign !== 'string' || !campaign)
    throw new CommandError('id: is missing. A campaign file begins with its id.')
  return campaign
}

async function uploadAll(
  args: { url?: string | undefined },
  media: readonly SiblingMedium[],
): Promise<string[]> {
  const notes: string[] = []
  for (const m of media) {
    const { id: mediumId } = await upload(args, m)
    m.rewrite(mediumId)
    notes.push(`uploaded  ${m.name} as ${mediumId.slice(0, 14)}…`)
  }
  return notes
}
