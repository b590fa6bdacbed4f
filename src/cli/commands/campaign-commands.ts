import { Option } from '@commander-js/extra-typings'
import { readYaml } from '../../campaign/read-yaml.ts'
import { typeOfField } from '../../campaign/typed-fields.ts'
import {
  callApi,
  fetchAllPages,
  findInApi,
  formatIssue,
  type ServerOptions,
  urlOption,
} from '../api-client.ts'
import { CommandError, command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { type SiblingMedium, siblingMedia } from '../sibling-media.ts'
import { table } from '../table.ts'
import { readUserText } from '../user-files.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'
import { lifecycleCommands } from './campaign-lifecycle-commands.ts'
import { runsCommand } from './campaign-runs-command.ts'
import { statsCommand } from './campaign-stats-command.ts'
import {
  expectation,
  expectOption,
  noteOption,
  toVersion,
  versionCommands,
} from './campaign-version-commands.ts'
import { dryRunCommand } from './dry-run-command.ts'
import { uploadMedium } from './media-commands.ts'
import { testSendCommand } from './test-send-command.ts'

export const campaignCommands = (terminal: Terminal) =>
  commandGroup('campaign', 'Campaigns 活动', [
    put(terminal),
    list(terminal),
    show(terminal),
    accounts(terminal),
    totals(terminal),
    statsCommand(terminal),
    runsCommand(terminal),
    setPaused(terminal, 'pause'),
    setPaused(terminal, 'resume'),
    remove(terminal),
    ...versionCommands(terminal),
    ...lifecycleCommands(terminal),
    testSendCommand(terminal),
    dryRunCommand(terminal),
  ])

interface CampaignItem {
  id: string
  name: string
  version: number
  state: string
  accounts: string[] | null
  publishedAt: string
}

export const bodiesOption = new Option(
  '--bodies <scope>',
  'running: also update the message bodies of active runs',
).choices(['running'])

const put = (terminal: Terminal) =>
  command('put', 'Publish a campaign file, and upload the media files beside it')
    .argument('<file>', 'Campaign file (YAML or JSON)')
    .addOption(bodiesOption)
    .addOption(expectOption)
    .addOption(noteOption)
    .addOption(urlOption)
    .action(
      printing(terminal, async (file, { bodies, expect, note, ...options }) => {
        const source = readUserText(file)
        const id = campaignIdOf(source)
        const { media, issues, text } = siblingMedia(file, source)
        if (issues.length > 0) {
          const message = ['The campaign cannot be published.', ...issues.map(formatIssue)].join('\n')
          throw new CommandError(message, {
            error: { code: 'refused', message: 'Media files are missing or not accepted.', issues },
          })
        }
        await uploadAll(options, media, options.json ? () => {} : terminal.err)
        const liveVersion = (await findInApi<CampaignItem>(options, pathOf(id)))?.version
        const published = await callApi<{
          id: string
          version: number
          warnings: { path: string; message: string }[]
        }>(options, {
          method: 'PUT',
          path: pathOf(id),
          query: { bodies, note },
          body: { type: 'application/yaml', content: text() },
          headers: expectation(expect),
        })
        return {
          value: published,
          text:
            published.version !== liveVersion
              ? `${published.id}: version ${published.version} is live`
              : `${published.id}: nothing was changed, version ${published.version} is live already`,
          notes: published.warnings.map((w) => `warning  ${formatIssue(w).trim()}`),
        }
      }),
    )

const list = (terminal: Terminal) =>
  command('list', 'List all campaigns that are not retired')
    .addOption(new Option('--state <state>', 'Only these').choices(['live', 'paused', 'retired', 'all']))
    .addOption(urlOption)
    .action(
      printing(terminal, async ({ state, ...options }) => {
        const items = await fetchAllPages<CampaignItem>(options, '/api/campaigns', { state })
        const rows = items.map((c) => [
          c.id,
          c.name,
          c.version,
          c.state,
          c.accounts?.join(' ') ?? 'all',
          c.publishedAt,
        ])
        const text = table(['id', 'name', 'version', 'state', 'accounts', 'published'], rows)
        return { value: { items }, text }
      }),
    )

const show = (terminal: Terminal) =>
  campaignCommand('show', "Show a campaign's file as published")
    .addOption(new Option('--version-number <version>', 'An older version').argParser(toVersion))
    .action(
      printing(terminal, async (id, { versionNumber, ...options }) => {
        const part = versionNumber === undefined ? '' : `/versions/${versionNumber}`
        const found = await callApi<{ source: string }>(options, { path: `${pathOf(id)}${part}` })
        return { value: found, text: found.source.trimEnd() }
      }),
    )

const accounts = (terminal: Terminal) =>
  campaignCommand('accounts', 'List the accounts of a campaign, and what keeps it from running there').action(
    printing(terminal, async (id, options) => {
      const items = await fetchAllPages<{
        appId: string
        name: string | null
        takes: boolean
        reasons: string[]
      }>(options, `${pathOf(id)}/accounts`)
      const rows = items.map((a) => [a.appId, a.name, a.takes ? 'yes' : 'NO', a.reasons.join('; ')])
      return { value: { items }, text: table(['appId', 'name', 'can run', 'what to do'], rows) }
    }),
  )

const totals = (terminal: Terminal) =>
  campaignCommand('totals', 'Count the runs of a campaign and their steps, also of deleted runs').action(
    printing(terminal, async (id, options) => {
      const found = await callApi<{
        items: {
          version: number
          runs: Record<string, number>
          steps: Record<string, Record<string, number>>
        }[]
      }>(options, { path: `${pathOf(id)}/totals` })
      const rows = found.items.flatMap(({ version, runs, steps }) => [
        [version, 'runs', describeCounts(runs)],
        ...Object.entries(steps).map(([step, counts]) => [version, `step ${step}`, describeCounts(counts)]),
      ])
      return { value: found, text: table(['version', 'of', 'number'], rows) }
    }),
  )

function describeCounts(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

const setPaused = (terminal: Terminal, verb: 'pause' | 'resume') =>
  campaignCommand(
    verb,
    verb === 'pause' ? 'Start no new runs, and hold the steps of active ones' : 'Resume a paused campaign',
  ).action(
    printing(terminal, async (id, options) => {
      const campaign = await callApi<CampaignItem>(options, { method: 'POST', path: `${pathOf(id)}/${verb}` })
      return { value: campaign, text: `${campaign.id}: ${campaign.state}` }
    }),
  )

const remove = (terminal: Terminal) =>
  campaignCommand('remove', 'Start no new runs; active ones continue to the end').action(
    printing(terminal, async (id, options) => {
      await callApi(options, { method: 'DELETE', path: pathOf(id) })
      return { value: { id, removed: true }, text: `${id}: removed` }
    }),
  )

/** @throws CommandError when the file cannot be read, or has no id */
function campaignIdOf(source: string): string {
  const { value, issues } = readYaml(source, typeOfField)
  if (issues.length === 0 && (value === undefined || value === null))
    throw new CommandError('The file is empty. A campaign file begins with its id.')
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined
  if (value === undefined || id === undefined) {
    const about = issues.filter((i) => i.path === '' || i.path === 'id')
    if (about.length > 0)
      throw new CommandError(['The file cannot be read.', ...about.map(formatIssue)].join('\n'))
  }
  if (typeof id !== 'string' || !id)
    throw new CommandError('The file has no id. A campaign file begins with its id.')
  return id
}

async function uploadAll(
  options: ServerOptions,
  media: readonly SiblingMedium[],
  report: (line: string) => void,
): Promise<void> {
  for (const [i, medium] of media.entries()) {
    report(`uploading ${medium.name} (${i + 1} of ${media.length})…`)
    const { id } = await uploadMedium(options, medium)
    medium.rewrite(id)
    report(`uploaded  ${medium.name} as ${id.slice(0, 14)}…`)
  }
}
