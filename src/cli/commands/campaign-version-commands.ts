import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { callApi, fetchAllPages } from '../api-client.ts'
import { printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'

/** `campaign versions`, `campaign diff`, `campaign rollback`. */
export const versionCommands = (terminal: Terminal) => [
  versions(terminal),
  diff(terminal),
  rollback(terminal),
]

/** `--expect N`: the version that the caller has read. */
export const expectOption = new Option(
  '--expect <version>',
  'Refuse when another version is the newest one',
).argParser(toVersion)

/** `--note TEXT` */
export const noteOption = new Option('--note <text>', 'What this version is about, for its history')

/** A version as `If-Match`. */
export const expectation = (version: number | undefined): Record<string, string> =>
  version === undefined ? {} : { 'if-match': `"${version}"` }

/** @throws InvalidArgumentError */
export function toVersion(text: string): number {
  const version = Number(text)
  if (!/^\d{1,9}$/.test(text) || version < 1)
    throw new InvalidArgumentError(`"${text}" is no version, like 3.`)
  return version
}

/** @throws InvalidArgumentError */
export function toCompared(text: string): string {
  return text === 'draft' || text === 'live' ? text : String(toVersion(text))
}

const versions = (terminal: Terminal) =>
  campaignCommand(
    'versions',
    'List the versions of a campaign: when, who, and how many runs are inside',
  ).action(
    printing(terminal, async (id, options) => {
      const items = await fetchAllPages<{
        version: number
        publishedAt: string
        publishedBy: string | null
        restoredFrom: number | null
        contentHash: string
        note: string | null
        isNewest: boolean
        activeRuns: number
      }>(options, `${pathOf(id)}/versions`)
      const rows = items.map((v) => [
        v.isNewest ? `${v.version} newest` : v.version,
        v.publishedAt,
        v.publishedBy,
        v.activeRuns,
        noteOf(v),
        v.contentHash.slice(0, 19),
      ])
      const headers = ['version', 'published', 'by', 'active runs', 'note', 'content']
      return { value: { items }, text: table(headers, rows) }
    }),
  )

function noteOf({ restoredFrom, note }: { restoredFrom: number | null; note: string | null }): string | null {
  const again = restoredFrom === null ? null : `version ${restoredFrom} again`
  return [again, note].filter((part) => part !== null).join(': ') || null
}

const diff = (terminal: Terminal) =>
  campaignCommand('diff', 'Compare two versions, by step and field')
    .addOption(
      new Option('--from <version>', 'A version, live or draft').argParser(toCompared).default('live'),
    )
    .addOption(
      new Option('--to <version>', 'A version, live or draft').argParser(toCompared).default('draft'),
    )
    .action(
      printing(terminal, async (id, { from, to, ...options }) => {
        const found = await callApi<{ same: boolean; changes: { text: { en: string } }[] }>(options, {
          path: `${pathOf(id)}/diff`,
          query: { from, to },
        })
        const lines = found.changes.map(({ text }) => text.en)
        return { value: found, text: found.same ? 'no difference' : lines.join('\n') }
      }),
    )

const rollback = (terminal: Terminal) =>
  campaignCommand('rollback', 'Publish the file of an older version again, as the newest version')
    .argument('<version>', 'The older version', toVersion)
    .addOption(expectOption)
    .addOption(noteOption)
    .action(
      printing(terminal, async (id, version, { expect, note, ...options }) => {
        const done = await callApi<{ id: string; version: number; unchanged: boolean }>(options, {
          method: 'POST',
          path: `${pathOf(id)}/rollback`,
          json: { version, note },
          headers: expectation(expect),
        })
        const text = done.unchanged
          ? `${id}: version ${done.version} says the same already`
          : `${id}: version ${done.version} is live, with the file of version ${version}`
        return { value: done, text }
      }),
    )
