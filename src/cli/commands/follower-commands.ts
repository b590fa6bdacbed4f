import type { PresentedRun } from '../../run/present.ts'
import { callApi, serverOption } from '../api-client.ts'
import { cliCommand } from '../cli-command.ts'
import { table } from '../table.ts'

const followerArgs = {
  appId: { type: 'positional', required: true, description: 'AppID of the account' },
  openId: { type: 'positional', required: true, description: 'OpenID of the follower' },
} as const
const pathOf = ({ appId, openId }: { appId: string; openId: string }) =>
  `/api/followers/${encodeURIComponent(appId)}/${encodeURIComponent(openId)}`

const show = cliCommand({
  name: 'show',
  description: 'How the series stands: grants, steps, reasons',
  args: { ...followerArgs, ...serverOption },
  async run(args) {
    const run = await callApi<PresentedRun>(args, { path: pathOf(args) })
    const outcome = run.outcome ? ` · ${run.outcome}${run.reason ? ` (${run.reason})` : ''}` : ''
    const text = [
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
    ]
    return { value: run, text: text.join('\n') }
  },
})

const cancel = cliCommand({
  name: 'cancel',
  description: 'End the series now',
  args: { ...followerArgs, reason: { type: 'string', description: 'Why' }, ...serverOption },
  async run(args) {
    await callApi(args, {
      method: 'POST',
      path: `${pathOf(args)}/cancel`,
      json: args.reason ? { reason: args.reason } : {},
    })
    return { value: { accepted: true }, text: 'cancelled: in effect within 10 s' }
  },
})

const setState = (verb: 'pause' | 'resume') =>
  cliCommand({
    name: verb,
    description:
      verb === 'pause' ? 'Keep the steps back' : 'Go on; what came due meanwhile follows its ifLate',
    args: { ...followerArgs, ...serverOption },
    async run(args) {
      await callApi(args, { method: 'POST', path: `${pathOf(args)}/${verb}` })
      return { value: { accepted: true }, text: `${verb}d: in effect within 10 s` }
    },
  })

const endAgent = cliCommand({
  name: 'end-agent',
  description: 'End the human agent session for us: what it holds goes',
  args: { ...followerArgs, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'POST', path: `${pathOf(args)}/agent/end` })
    return { value: { accepted: true }, text: 'the session has ended for us: in effect within 10 s' }
  },
})

const erase = cliCommand({
  name: 'forget',
  description: 'Delete all that is known of this person, histories in Temporal included',
  args: { ...followerArgs, ...serverOption },
  async run(args) {
    await callApi(args, { method: 'POST', path: `${pathOf(args)}/forget` })
    return { value: { accepted: true }, text: 'kept: done as soon as the run has ended and Temporal answers' }
  },
})

export const followerCommands = {
  'end-agent': endAgent,
  show,
  cancel,
  forget: erase,
  pause: setState('pause'),
  resume: setState('resume'),
}
