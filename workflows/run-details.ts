import type { RunState, StepState } from '../src/run/state.ts'

const MARKS: Record<StepState['state'], string> = {
  pending: '◌ pending',
  held: '⏸ held',
  sending: '→ sending',
  sent: '✓ sent',
  skipped: '– skipped',
  unknown: '? unknown',
}

/** Renders the run as Markdown for the Temporal Web UI: each step's plan, result and reason. It names no follower. */
export function renderDetails(state: RunState): string {
  const head = `**${state.campaign}@${state.version}** · ${state.status}${state.outcome ? ` · ${state.outcome}` : ''}${
    state.reason ? ` (${state.reason})` : ''
  }`
  const rows = state.steps.map(
    (s) =>
      `| ${s.id} | ${MARKS[s.state]} | ${time(s.dueAt)} | ${time(s.sentAt)} | ${[s.reason, s.errcode].filter((x) => x !== null).join(' ')} |`,
  )
  const grants = state.ledger.map(
    (g) => `- ${g.scene}: ${g.used}/${g.quota} used, until ${time(g.expiresAt)}`,
  )
  return [
    head,
    '',
    '| step | state | planned | sent | reason |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Window closes ${time(state.closesAt)}${state.agentSession?.open ? ' · a human agent has the session' : ''}`,
    '',
    ...(grants.length > 0 ? ['Grants:', ...grants] : ['No grant.']),
    ...(state.warnings.length > 0 ? ['', `Notes: ${state.warnings.join('; ')}`] : []),
  ].join('\n')
}

function time(at: number | null): string {
  return at === null ? '–' : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
