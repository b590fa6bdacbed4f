import type { DryRunResult } from '../../dry-run/dry-run.ts'
import type { RunCounts } from '../../dry-run/dry-run-report.ts'
import { ownValue } from '../../shared/own-value.ts'
import { callApi, urlOption } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'
import { toCount } from '../option-parsers.ts'
import { table } from '../table.ts'
import { readUserText } from '../user-files.ts'
import { toVersion } from './campaign-version-commands.ts'

type Counts = Record<string, number>

interface DryRunAnswer extends DryRunResult {
  campaign: string
  version: number | null
  from: string
  to: string
}

export const dryRunCommand = (terminal: Terminal) =>
  command('dry-run', 'Show what a campaign version would have done with recorded events 用已记录的事件试跑')
    .argument('<file>', 'Campaign file (YAML or JSON), or the id of a published campaign')
    .requiredOption('--account <id>', 'The account whose events are played')
    .requiredOption(
      '--from <time>',
      'Begin of the period, at most 7 days ago, like 2026-11-30T00:00:00+08:00',
    )
    .option('--to <time>', 'End of the period, not included (default: now)')
    .option('--of <version>', 'A version of the published campaign (default: the newest)', toVersion)
    .option('--limit <number>', 'The largest number of followers (default: 2000)', toCount)
    .addOption(urlOption)
    .action(
      printing(terminal, async (file, { account, from, to, of: version, limit, ...options }) => {
        const campaign = /^[a-z0-9-]{1,64}$/.test(file) ? file : await readUserText(file)
        const answer = await callApi<DryRunAnswer>(options, {
          method: 'POST',
          path: '/api/campaigns/dry-run',
          json: { campaign, account, from, to, version, limit },
        })
        return { value: answer, text: textOf(answer) }
      }),
    )

function textOf(answer: DryRunAnswer): string {
  const { campaign, version, from, to, followers, events, dryRun, real, comparison } = answer
  const name = `${campaign}${version === null ? '' : `@${version}`}`
  const head = `${name}  ${from} – ${to}  粉丝 followers: ${followers}  事件 events: ${events}`
  const total = (of: (counts: RunCounts) => number) => [of(dryRun), of(real), of(dryRun) - of(real)]
  const rows = [
    ['开始 begun', '', ...total(({ begun }) => begun)],
    ['进行中 open', '', ...total(({ open }) => open)],
    ...compared('结果 outcome', '', dryRun.outcomes, real.outcomes),
    ['目标 goals', '', ...total(({ goals }) => goals)],
    ...namesOf(dryRun.forks, real.forks, 'fork').flatMap((fork) =>
      compared('分支 branch', fork, branchesOf(dryRun, fork), branchesOf(real, fork)),
    ),
    ...namesOf(dryRun.steps, real.steps, 'step').flatMap((step) =>
      compared('步骤 step', step, resultsOf(dryRun, step), resultsOf(real, step)),
    ),
    ...compared('被动回复 reply', '', dryRun.replies, real.replies),
  ]
  const only = (title: string, counts: Counts) =>
    Object.entries(counts).map(([key, n]) => [title, key, n, '', ''])
  const all = [...rows, ...only('未开始 not begun', dryRun.notBegun), ...only('额度 grant', dryRun.grants)]
  const { same, different, onlyDryRun, onlyReal } = comparison
  const summary = `逐次对比 runs compared: 相同 same ${same}, 不同 different ${different}, 仅试跑 only in the dry run ${onlyDryRun}, 仅实际 only in reality ${onlyReal}`
  const header = ['', '', '试跑 dry run', '实际 real', '差 difference']
  return [head, ...notesOf(answer), table(header, all), summary].join('\n')
}

function notesOf({ events, texts, truncated }: DryRunAnswer): string[] {
  const notes = []
  if (events === 0) notes.push('这段时间没有已记录的事件。The account has no recorded events in this period.')
  if (texts.notKept > 0)
    notes.push(
      `有 ${texts.notKept} 条文字未保存，按“不匹配任何关键词”计算；公众号设置 keepTexts 可保存。${texts.notKept} texts were not kept and count as texts that fit no keyword: account change --keep-texts keeps them.`,
    )
  if (truncated !== null)
    notes.push(
      '只试跑了一部分粉丝，请缩短时间段。Only the first followers were played: choose a shorter period.',
    )
  return notes
}

/** A row for each key of either side. */
function compared(title: string, name: string, dryRun: Counts, real: Counts): unknown[][] {
  const keys = [...new Set([...Object.keys(dryRun), ...Object.keys(real)])].sort()
  return keys.map((key) => {
    const [a, b] = [ownValue(dryRun, key) ?? 0, ownValue(real, key) ?? 0]
    return [title, [name, key].filter(Boolean).join(' '), a, b, a - b]
  })
}

function namesOf<K extends string>(
  a: Record<K, string | Counts>[],
  b: Record<K, string | Counts>[],
  key: K,
): string[] {
  return [...new Set([...a, ...b].map((item) => String(item[key])))]
}

const branchesOf = ({ forks }: RunCounts, id: string) => forks.find(({ fork }) => fork === id)?.branches ?? {}
const resultsOf = ({ steps }: RunCounts, id: string) => steps.find(({ step }) => step === id)?.results ?? {}
