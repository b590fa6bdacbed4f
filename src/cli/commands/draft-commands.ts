import { callApi, fetchAllPages, formatIssue, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'
import { readUserText } from '../user-files.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'
import { bodiesOption } from './campaign-commands.ts'
import { expectation, expectOption, noteOption } from './campaign-version-commands.ts'

/** `nurture draft …` */
export const draftCommands = (terminal: Terminal) =>
  commandGroup('draft', 'Drafts of campaigns 草稿', [
    list(terminal),
    show(terminal),
    put(terminal),
    check(terminal),
    publish(terminal),
    remove(terminal),
  ])

interface Draft {
  id: string
  revision: number
  baseVersion: number | null
  savedAt: string
  savedBy: string
}
interface Issue {
  path: string
  message: string
  line?: number
}

const list = (terminal: Terminal) =>
  command('list', 'List all drafts')
    .addOption(urlOption)
    .action(
      printing(terminal, async (options) => {
        const items = await fetchAllPages<Draft>(options, '/api/drafts')
        const rows = items.map((d) => [d.id, d.revision, d.baseVersion ?? 'new', d.savedAt, d.savedBy])
        return { value: { items }, text: table(['id', 'revision', 'of version', 'saved', 'by'], rows) }
      }),
    )

const show = (terminal: Terminal) =>
  campaignCommand('show', "Show a draft's file").action(
    printing(terminal, async (id, options) => {
      const found = await callApi<Draft & { source: string }>(options, { path: `${pathOf(id)}/draft` })
      return { value: found, text: found.source.trimEnd() }
    }),
  )

const put = (terminal: Terminal) =>
  campaignCommand('put', 'Save a file as the draft of a campaign; it may have errors')
    .argument('<file>', 'Campaign file (YAML or JSON)')
    .action(
      printing(terminal, async (id, file, options) => {
        const saved = await callApi<Draft>(options, {
          method: 'PUT',
          path: `${pathOf(id)}/draft`,
          body: { type: 'application/yaml', content: readUserText(file) },
        })
        return { value: saved, text: `${id}: draft saved, revision ${saved.revision}` }
      }),
    )

const check = (terminal: Terminal) =>
  campaignCommand('check', 'Check a draft: all errors and warnings').action(
    printing(terminal, async (id, options) => {
      const found = await callApi<{ ok: boolean; issues: Issue[]; warnings: Issue[] }>(options, {
        path: `${pathOf(id)}/draft/check`,
      })
      const lines = [
        ...found.issues.map((i) => `error    ${formatIssue(i).trim()}`),
        ...found.warnings.map((i) => `warning  ${formatIssue(i).trim()}`),
        ...(found.ok ? [`${id}: the draft can be published`] : []),
      ]
      return { value: found, text: lines.join('\n'), failed: !found.ok }
    }),
  )

const publish = (terminal: Terminal) =>
  campaignCommand('publish', 'Publish a draft')
    .addOption(bodiesOption)
    .addOption(expectOption)
    .addOption(noteOption)
    .action(
      printing(terminal, async (id, { bodies, expect, note, ...options }) => {
        const done = await callApi<{ version: number; unchanged: boolean; warnings: Issue[] }>(options, {
          method: 'POST',
          path: `${pathOf(id)}/draft/publish`,
          query: { bodies, note },
          headers: expectation(expect),
        })
        const text = done.unchanged
          ? `${id}: version ${done.version} says the same already`
          : `${id}: version ${done.version} is live`
        return { value: done, text, notes: done.warnings.map((w) => `warning  ${formatIssue(w).trim()}`) }
      }),
    )

const remove = (terminal: Terminal) =>
  campaignCommand('remove', 'Delete a draft').action(
    printing(terminal, async (id, options) => {
      await callApi(options, { method: 'DELETE', path: `${pathOf(id)}/draft` })
      return { value: { id, removed: true }, text: `${id}: draft removed` }
    }),
  )
