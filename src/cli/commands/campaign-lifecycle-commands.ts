import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { callerFolder } from '../../config/config.ts'
import { callApi, downloadFromApi } from '../api-client.ts'
import { CommandError, printing, type Terminal } from '../cli-command.ts'
import { exportFiles } from '../export-campaign.ts'
import { collect } from '../option-parsers.ts'
import { table } from '../table.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'
import { expectation, expectOption, toVersion } from './campaign-version-commands.ts'

/** `campaign retire`, `campaign restore`, `campaign copy`, `campaign export`. */
export const lifecycleCommands = (terminal: Terminal) => [
  retire(terminal),
  restore(terminal),
  copy(terminal),
  exportCampaign(terminal),
]

const retire = (terminal: Terminal) =>
  campaignCommand('retire', 'Let nobody enter any more, and leave the campaign out of lists')
    .option('--cancel', 'End the active runs; without it they continue to their end')
    .action(
      printing(terminal, async (id, { cancel, ...options }) => {
        const done = await callApi<{ ending: number; activeRuns: number }>(options, {
          method: 'POST',
          path: `${pathOf(id)}/retire`,
          query: { cancel: cancel ? 'true' : undefined },
        })
        const runs =
          done.ending > 0 ? `${done.ending} runs are being ended` : `${done.activeRuns} runs continue`
        return { value: done, text: `${id}: retired; ${runs}` }
      }),
    )

const restore = (terminal: Terminal) =>
  campaignCommand('restore', 'Make a retired campaign live again').action(
    printing(terminal, async (id, options) => {
      const done = await callApi<{ version: number; state: string }>(options, {
        method: 'POST',
        path: `${pathOf(id)}/restore`,
      })
      return { value: done, text: `${id}: ${done.state}, version ${done.version}` }
    }),
  )

const copy = (terminal: Terminal) =>
  campaignCommand('copy', 'Give the campaign to more accounts, or take it from some')
    .option('--to <appId>', 'An account that gets it; repeatable', collect, [])
    .option('--not-to <appId>', 'An account that loses it; repeatable', collect, [])
    .option('--check', 'Only report which accounts can run it')
    .option('--force', 'Publish although an account cannot run it now')
    .addOption(expectOption)
    .action(
      printing(terminal, async (id, { to, notTo, check = false, force = false, expect, ...options }) => {
        if (to.length + notTo.length === 0) throw new CommandError('Name an account with --to or --not-to.')
        const done = await callApi<{
          version: number
          published: boolean
          accounts: {
            appId: string
            name: string | null
            takes: boolean
            change: string
            reasons: string[]
          }[]
        }>(options, {
          method: 'POST',
          path: `${pathOf(id)}/accounts`,
          json: { add: to, remove: notTo, check, force },
          headers: expectation(expect),
        })
        const rows = done.accounts.map((a) => [
          a.appId,
          a.name,
          a.change,
          a.takes ? 'yes' : 'NO',
          a.reasons.join('; '),
        ])
        const text = table(['appId', 'name', 'change', 'can run', 'what to do'], rows)
        const note = done.published
          ? `${id}: version ${done.version} is live`
          : `${id}: nothing was published, version ${done.version} is live`
        return { value: done, text, notes: [note] }
      }),
    )

const exportCampaign = (terminal: Terminal) =>
  campaignCommand('export', 'Write a campaign and its media to a folder, for campaign put')
    .requiredOption('--to <folder>', 'The folder; it is created if it does not exist')
    .addOption(new Option('--version-number <version>', 'An older version').argParser(toVersion))
    .option('--draft', 'The draft in place of the published version')
    .option('--force', 'Replace files that exist')
    .action(
      printing(terminal, async (id, { to, versionNumber, draft, force, ...options }) => {
        if (draft && versionNumber !== undefined)
          throw new CommandError('Give either --draft or --version-number.')
        const part = draft ? '/draft' : versionNumber === undefined ? '' : `/versions/${versionNumber}`
        const { source } = await callApi<{ source: string }>(options, { path: `${pathOf(id)}${part}` })
        const files = await exportFiles(id, source, (medium) =>
          downloadFromApi(options, `/api/media/${encodeURIComponent(medium)}`),
        )
        const folder = resolve(callerFolder(), to)
        const existing = files.filter(({ name }) => existsSync(join(folder, name))).map(({ name }) => name)
        if (existing.length > 0 && !force)
          throw new CommandError(
            `${to} has ${existing.join(', ')} already. Choose another folder, or replace with --force.`,
          )
        mkdirSync(folder, { recursive: true })
        for (const { name, content } of files) writeFileSync(join(folder, name), content)
        const names = files.map(({ name }) => join(to, name))
        return { value: { files: names }, text: names.join('\n') }
      }),
    )
