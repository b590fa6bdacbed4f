import type { PresentedRun } from '../../run/present.ts'
import { callApi, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { table } from '../table.ts'

export const followerCommands = (terminal: Terminal) =>
  commandGroup('follower', 'The run of one follower 粉丝', [
    show(terminal),
    cancel(terminal),
    setPaused(terminal, 'pause'),
    setPaused(terminal, 'resume'),
    endAgent(terminal),
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

const erase = (terminal: Terminal) =>
  followerCommand('erase', 'Erase all data of the follower, including histories in Temporal').action(
    printing(terminal, async (appId, openId, options) => {
      await callApi(options, { method: 'POST', path: `${pathOf(appId, openId)}/erase` })
      const text = 'erasure requested: done as soon as the run has ended and Temporal is reachable'
      return { value: { accepted: true }, text }
    }),
  )

function describeRun(run: PresentedRun): string {
  const outcome = run.outcome ? ` · ${run.outcome}${run.reason ? ` (${run.reason})` : ''}` : ''
  return [
    `${run.campaign}@${run.version} · ${run.status}${outcome}`,
    `started ${run.startedAt} · window closes ${run.window.closesAt}`,
    '',
    table(
      ['step', 'state', 'due', 'sent', 'reason', 'errcode'],
      run.steps.map((s) => [s.id, s.state, s.dueAt, s.sentAt, s.reason, s.errcode]),
    ),
    '',
    table(
      ['grant', 'expires', 'used', 'of'],
      run.ledger.map((g) => [g.scene, g.expiresAt, g.used, g.quota]),
    ),
  ].join('\n')
}
