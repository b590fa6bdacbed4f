import { Option } from '@commander-js/extra-typings'
import type { Statistics, StepCounts } from '../../campaign/statistics/report.ts'
import { STATISTICS_TABLES, TABLE_LANGUAGES } from '../../campaign/statistics/statistics-tables.ts'
import { callApi, streamFromApi } from '../api-client.ts'
import { CommandError, printing, type Terminal } from '../cli-command.ts'
import { forceOption, outOption, saveDownload, savedFile } from '../save-download.ts'
import { table } from '../table.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'

export const statsCommand = (terminal: Terminal) =>
  campaignCommand('stats', 'Show what became of the runs and steps of a campaign, and compare its tests')
    .option('--from <day>', 'First day of entries, like 2026-11-30')
    .option('--to <day>', 'Last day of entries')
    .option('--file-version <number>', 'Only this version of the campaign file')
    .option('--scene <pattern>', "Only entries that this pattern of the file's qrScenes fitted")
    .option('--account <appId>', 'Only this account')
    .option('--variant <fork=branch>', 'Only runs that this branch of a test was given to, like test=b')
    .addOption(new Option('--format <format>', 'csv for Excel and WPS').choices(['text', 'csv', 'json']))
    .addOption(
      new Option('--table <table>', 'Of csv: which table (default: steps)').choices(STATISTICS_TABLES),
    )
    .addOption(
      new Option('--lang <language>', 'Of csv: of the header (default: en)').choices(TABLE_LANGUAGES),
    )
    .addOption(outOption)
    .addOption(forceOption)
    .action(
      printing(
        terminal,
        async (
          id,
          {
            from,
            to,
            fileVersion,
            scene,
            account,
            variant,
            format,
            table: name,
            lang,
            out,
            force,
            ...options
          },
        ) => {
          const query = { from, to, version: fileVersion, scene, appId: account, variant }
          if (format === 'csv') {
            const path = `${pathOf(id)}/statistics.csv`
            const parts = streamFromApi(options, { path, query: { ...query, table: name, lang } })
            await saveDownload(terminal, parts, { out, force })
            return savedFile(out, {})
          }
          if (name ?? lang ?? out ?? force)
            throw new CommandError('--table, --lang, --out and --force belong to --format csv.')
          const found = await callApi<Statistics>(options, { path: `${pathOf(id)}/statistics`, query })
          const text = format === 'json' ? JSON.stringify(found, null, 2) : describeStatistics(found)
          return { value: found, text }
        },
      ),
    )

function describeStatistics({ runs, steps, forks, answers, tests, days, scenes }: Statistics): string {
  const groups = (
    name: string,
    items: readonly Statistics['days'][number][] | readonly Statistics['scenes'][number][],
  ) =>
    table(
      [name, 'entered', 'replied', 'goals', 'value', 'unfollowed'],
      items.map((g) => [
        'day' in g ? g.day : g.scene || '-',
        g.entered,
        g.replied,
        g.goals,
        g.value,
        g.unfollowed,
      ]),
    )
  const uncounted = runs.uncounted > 0 ? [`${runs.uncounted} runs of 0.3 are not counted by step yet`] : []
  return [
    [
      `entered ${runs.entered}, active ${runs.active}, replied ${runs.replied}, goals ${runs.goals}, value ${runs.value}`,
      `ended: ${describe(runs.ended)}`,
      ...uncounted,
    ].join('\n'),
    table(
      [
        'step',
        'due',
        'held',
        'sent',
        'unknown',
        'skipped',
        'failed',
        'clicked',
        'replied',
        'unfollowed',
        'goal',
      ],
      steps.map(rowOfStep),
    ),
    ...(forks.length > 0
      ? [
          table(
            ['fork', 'taken'],
            forks.map(({ fork, taken }) => [fork, describe(taken)]),
          ),
        ]
      : []),
    ...(answers.length > 0
      ? [
          table(
            ['answer', 'on', 'answered'],
            answers.map(({ answer, on, answered }) => [answer, on ?? '', answered]),
          ),
        ]
      : []),
    ...tests.map(describeTest),
    ...(days.length > 0 ? [groups('day', days)] : []),
    ...(scenes.some(({ scene }) => scene !== '') ? [groups('scene', scenes)] : []),
  ].join('\n\n')
}

function rowOfStep(s: StepCounts): unknown[] {
  const after = [s.repliedAfter, s.unfollowedAfter, s.goalAfter]
  return [
    s.step,
    s.due,
    s.held,
    s.sent,
    s.unknown,
    describe(s.skipped),
    describe(s.failed),
    describe(s.clicked),
    ...after,
  ]
}

function describeTest({ fork, variants }: Statistics['tests'][number]): string {
  return table(
    [`test ${fork}`, 'entered', 'replied', 'goals', 'rate', 'p'],
    variants.map((v, i) => [
      v.branch,
      v.entered,
      v.replied,
      v.goals,
      v.rate === null ? '' : `${(v.rate * 100).toFixed(1)} %`,
      i === 0 ? 'first' : v.p === null ? 'not enough yet' : v.p < 0.0001 ? '< 0.0001' : v.p.toFixed(4),
    ]),
  )
}

function describe(counts: Record<string, number>): string {
  const named = Object.entries(counts).map(([name, n]) => `${name} ${n}`)
  return named.join(', ') || '-'
}
