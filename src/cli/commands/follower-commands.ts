import { Option } from '@commander-js/extra-typings'
import type { PresentedRun } from '../../run/present.ts'
import { type Facts, factOfText } from '../../shared/facts.ts'
import { callApi, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal, UsageError } from '../cli-command.ts'
import { collect, collectPairs } from '../option-parsers.ts'
import { table } from '../table.ts'

export const followerCommands = (terminal: Terminal) =>
  commandGroup('follower', 'The run of one follower 粉丝', [
    show(terminal),
    cancel(terminal),
    setPaused(terminal, 'pause'),
    setPaused(terminal, 'resume'),
    endAgent(terminal),
    facts(terminal),
    enter(terminal),
    tag(terminal),
    erase(terminal),
  ])

const followerCommand = (name: string, description: string) =>
  command(name, description)
    .argument('<appId>', 'AppID of the account')
    .argument('<openId>', 'OpenID of the follower')
    .addOption(urlOption)

const pathOf = (appId: string, openId: string) =>
  `/api/followers/${encodeURIComponent(appId)}/${encodeURIComponent(openId)}`

const show = (terminal: Terminal) =>
  followerCommand('show', 'Show the run: steps, reasons and message grants').action(
    printing(terminal, async (appId, openId, options) => {
      const run = await callApi<PresentedRun>(options, { path: pathOf(appId, openId) })
      return { value: run, text: describeRun(run) }
    }),
  )

const cancel = (terminal: Terminal) =>
  followerCommand('cancel', 'End the run')
    .option('--reason <text>', 'Why, for the record')
    .action(
      printing(terminal, async (appId, openId, { reason, ...options }) => {
        const path = `${pathOf(appId, openId)}/cancel`
        await callApi(options, { method: 'POST', path, json: reason ? { reason } : {} })
        return { value: { accepted: true }, text: 'cancelled: in effect within 10 s' }
      }),
    )

const setPaused = (terminal: Terminal, verb: 'pause' | 'resume') =>
  followerCommand(
    verb,
    verb === 'pause' ? 'Hold the steps of the run' : 'Resume a paused run; overdue steps follow their ifLate',
  ).action(
    printing(terminal, async (appId, openId, options) => {
      await callApi(options, { method: 'POST', path: `${pathOf(appId, openId)}/${verb}` })
      return { value: { accepted: true }, text: `${verb}d: in effect within 10 s` }
    }),
  )

const endAgent = (terminal: Terminal) =>
  followerCommand(
    'end-agent',
    'Mark the human agent session as ended, and release the steps it holds',
  ).action(
    printing(terminal, async (appId, openId, options) => {
      await callApi(options, { method: 'POST', path: `${pathOf(appId, openId)}/agent/end` })
      return { value: { accepted: true }, text: 'agent session marked as ended: in effect within 10 s' }
    }),
  )

const setOption = new Option(
  '--set <name=value>',
  'A fact: true, false and numbers as such, everything else as a text; repeat for more',
)
  .argParser(collectPairs)
  .default({})

const facts = (terminal: Terminal) =>
  followerCommand('facts', 'Print the facts of the follower, or set some of them')
    .addOption(setOption)
    .action(
      printing(terminal, async (appId, openId, { set, ...options }) => {
        const path = `${pathOf(appId, openId)}/facts`
        if (Object.keys(set).length === 0) {
          const read = await callApi<{ facts: Record<string, unknown> }>(options, { path })
          return { value: read, text: table(['fact', 'value'], Object.entries(read.facts)) }
        }
        const answer = await callApi(options, { method: 'PATCH', path, json: toFacts(set) })
        return { value: answer, text: `accepted: ${Object.keys(set).join(', ')}` }
      }),
    )

const enter = (terminal: Terminal) =>
  followerCommand('enter', 'Start a campaign for the follower')
    .argument('<campaign>', 'Id of a live campaign')
    .addOption(setOption)
    .action(
      printing(terminal, async (appId, openId, campaign, { set, ...options }) => {
        const answer = await callApi(options, {
          method: 'POST',
          path: `${pathOf(appId, openId)}/enter`,
          json: { campaign, facts: toFacts(set) },
        })
        return { value: answer, text: `accepted: the follower enters ${campaign}` }
      }),
    )

const tag = (terminal: Terminal) =>
  followerCommand('tag', 'Change the tags of the follower at WeChat')
    .option('--add <tag>', 'A tag to add; repeat for more', collect, [])
    .option('--remove <tag>', 'A tag to remove; repeat for more', collect, [])
    .action(
      printing(terminal, async (appId, openId, { add, remove, ...options }) => {
        if (add.length + remove.length === 0) throw new UsageError('Give --add or --remove with a tag.')
        const answer = await callApi<{ added: string[]; removed: string[] }>(options, {
          method: 'POST',
          path: `${pathOf(appId, openId)}/tags`,
          json: { add, remove },
        })
        return { value: answer, text: `added ${answer.added.length}, removed ${answer.removed.length}` }
      }),
    )

/** The values of `--set` in the types that conditions compare. */
function toFacts(set: Readonly<Record<string, string>>): Facts {
  return Object.fromEntries(Object.entries(set).map(([name, text]) => [name, factOfText(text)]))
}

const erase = (terminal: Terminal) =>
  followerCommand('erase', 'Erase all data of the follower, including histories in Temporal').action(
    printing(terminal, async (appId, openId, options) => {
      await callApi(options, { method: 'POST', path: `${pathOf(appId, openId)}/erase` })
      const text = 'erasure requested: done as soon as the run has ended and Temporal is reachable'
      return { value: { accepted: true }, text }
    }),
  )

function forkLines({ forks }: PresentedRun): string[] {
  if (!forks) return []
  const rows = forks.map((f) => [f.id, f.state, f.until, f.took, f.takenAt, f.reason])
  return ['', table(['fork', 'state', 'until', 'took', 'at', 'reason'], rows)]
}

function goalLines({ goal }: PresentedRun): string[] {
  if (!goal) return []
  const value = goal.value === null ? '' : ` · value ${goal.value}`
  return [`goal reached ${goal.at}${value}${goal.step === null ? '' : ` · after step ${goal.step}`}`]
}

function describeRun(run: PresentedRun): string {
  const outcome = run.outcome ? ` · ${run.outcome}${run.reason ? ` (${run.reason})` : ''}` : ''
  return [
    `${run.campaign}@${run.version} · ${run.status}${outcome}`,
    `started ${run.startedAt} · window closes ${run.window.closesAt}`,
    ...goalLines(run),
    '',
    table(
      ['step', 'state', 'due', 'sent', 'reason', 'errcode'],
      run.steps.map((s) => [s.id, s.state, s.dueAt, s.sentAt, s.reason, s.errcode]),
    ),
    ...forkLines(run),
    '',
    table(
      ['grant', 'expires', 'used', 'of'],
      run.ledger.map((g) => [g.scene, g.expiresAt, g.used, g.quota]),
    ),
  ].join('\n')
}
