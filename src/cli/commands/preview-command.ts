import { Option } from '@commander-js/extra-typings'
import { compileCampaign } from '../../campaign/compile.ts'
import { type FullPreviewInput, playCampaign, previewWays } from '../../campaign/full-preview.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { ENTRY_AT, type PreviewEvent, playedEvent, previewCampaign } from '../../campaign/preview.ts'
import { timelineText } from '../../campaign/timeline.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import type { RulesProfileName } from '../../wechat/rules/rules.ts'
import { formatIssue } from '../api-client.ts'
import { CommandError, command, printing, type Terminal } from '../cli-command.ts'
import { collect, quietHoursOption, rulesOption, toDurations } from '../option-parsers.ts'
import { collectPlayedEvents, toEntryTime, toSeed } from '../preview-options.ts'
import { table } from '../table.ts'
import { checkFile } from './check-command.ts'

const eventOption = <const Flags extends string>(flags: Flags, verb: string) =>
  new Option(flags, `The follower ${verb} this long after the entry; several times separated by commas`)
    .argParser(toDurations)
    .default([], 'none')

/** `nurture preview FILE`. It needs no server. */
export const previewCommand = (terminal: Terminal) =>
  command('preview', 'Show when each step goes out, and which grant pays 预览时间线')
    .argument('<file>', 'Campaign file (YAML or JSON)')
    .addOption(rulesOption)
    .addOption(eventOption('--reply-after <times>', 'sends a message'))
    .addOption(eventOption('--click-after <times>', 'taps a menu'))
    .addOption(eventOption('--scan-after <times>', 'scans a QR code'))
    .addOption(eventOption('--unfollow-after <times>', 'unfollows'))
    .addOption(
      new Option(
        '--do <event>',
        'Something that happens, like "30s message 1" or "2h fact paid=true"; repeatable',
      )
        .argParser(collectPlayedEvents)
        .default([], 'none'),
    )
    .option('--tag <name>', 'A tag of the follower at WeChat; repeatable', collect, [])
    .option('--scene <scene>', 'The scene of the QR code that the follower used')
    .addOption(
      new Option('--at <time>', 'Local time of the entry, like 23:10 or "2026-11-27 15:00"').argParser(
        toEntryTime,
      ),
    )
    .addOption(
      new Option('--seed <number>', 'Stands for the follower, in A/B tests and in spread').argParser(toSeed),
    )
    .addOption(quietHoursOption())
    .option('--ways', 'Show every way through the campaign, with its messages per grant')
    .action(
      printing(terminal, (file, { rules = 'wechat-2023', ways, quietHours, ...options }) => {
        const checked = checkFile(file, { rules, ...(quietHours ? { quietHours } : {}) })
        const { issues, warnings } = checked
        if (!checked.campaign) throw cannotPreview(file, issues)
        const campaign = { ...(quietHours ? { quiet: quietHours } : {}), ...checked.campaign }
        const notes = warnings.map((w) => `warning  ${formatIssue(w).trim()}`)
        if (ways) return { ...waysOutput(campaign, rules, options.at ?? ENTRY_AT), notes }
        // The table counts from an entry at a fixed time, and knows nothing of the follower.
        const needsWhole =
          options.do.length > 0 ||
          options.tag.length > 0 ||
          [options.scene, options.at, options.seed].some((option) => option !== undefined)
        if (campaign.steps.length === 0 && options.do.length === 0) notes.push(ANSWERS_ONLY)
        if (needsWhole || compileCampaign(campaign, 1).forks) {
          const events = [...simpleEvents(options).map(playedEvent), ...options.do]
          const { scene, seed, tag: tags, at: entryAt = ENTRY_AT } = options
          const more = {
            ...(scene === undefined ? {} : { qrScene: scene }),
            ...(seed === undefined ? {} : { seed }),
          }
          return { ...wholeOutput({ campaign, rules, entryAt, events, tags, ...more }, warnings), notes }
        }
        const timeline = previewCampaign({ campaign, rules, events: simpleEvents(options) })
        return {
          value: { timeline, warnings },
          text: table(
            ['when', 'step', 'state', 'paid by', 'reason'],
            timeline.map((l) => [l.at, l.step, l.state, l.grant, l.reason]),
          ),
          notes,
        }
      }),
    )

const ANSWERS_ONLY =
  'The campaign has answers and no steps. Try them with --do "0s message TEXT" 本活动只有自动回复，请用 --do 试用'

function cannotPreview(file: string, issues: readonly Issue[]): CommandError {
  const message = [`${file} cannot be previewed.`, ...issues.map(formatIssue)].join('\n')
  return new CommandError(message, {
    error: { code: 'refused', message: 'The campaign has errors.', issues },
  })
}

type Times = Record<'replyAfter' | 'clickAfter' | 'scanAfter' | 'unfollowAfter', readonly number[]>

function simpleEvents(times: Times): PreviewEvent[] {
  const eventsOf = (name: PreviewEvent['do'], after: readonly number[]): PreviewEvent[] =>
    after.map((atMs) => ({ atMs, do: name }))
  return [
    ...eventsOf('reply', times.replyAfter),
    ...eventsOf('click', times.clickAfter),
    ...eventsOf('scan', times.scanAfter),
    ...eventsOf('unfollow', times.unfollowAfter),
  ]
}

/** The timeline of a campaign with forks: a line for everything that happens. */
function wholeOutput(input: FullPreviewInput, warnings: readonly Issue[]) {
  const timeline = playCampaign(input)
  const lines = timelineText(timeline, input.entryAt, (at) => timeInBeijing(at).slice(5))
  return { value: { lines, timeline, warnings }, text: lines.join('\n') }
}

function waysOutput(campaign: Campaign, rules: RulesProfileName, entryAt: number) {
  const ways = previewWays(campaign, rules, entryAt)
  const text = table(
    ['way', 'messages', 'ends'],
    ways.map(({ way, messages, outcome }) => [
      way,
      Object.entries(messages)
        .map(([scene, count]) => `${scene} ${count}`)
        .join(', '),
      outcome,
    ]),
  )
  return { value: { ways }, text }
}
