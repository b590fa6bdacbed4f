import type { AccountRules, StepRule } from './judge/evidence.ts'

/** Long enough that steps meet faults, short enough that a run ends soon after its follower's last action. */
const WINDOW_MS = 70_000

/** The rules since 2023: a step within the first minute, steps after the reply, and a step that must be held. */
const SERIES: StepRule[] = [
  { id: 'hint', afterMs: 5_000, since: 'entry', ifLate: 'hold', when: 'not-replied' },
  { id: 'soon', afterMs: 20_000, since: 'entry', ifLate: 'skip', when: null },
  { id: 'gift', afterMs: 0, since: 'reply', ifLate: 'hold', when: null },
  { id: 'day-1', afterMs: 12_000, since: 'reply', ifLate: 'hold', when: null },
  { id: 'day-2', afterMs: 30_000, since: 'reply', ifLate: 'hold', when: null },
  { id: 'beyond', afterMs: 62_000, since: 'entry', ifLate: 'hold', when: null },
]

/** The rules before 2021: the grant of the follow pays for the whole series. */
const CLASSIC: StepRule[] = [0, 15_000, 40_000, 65_000].map((afterMs, i) => ({
  id: `step-${i}`,
  afterMs,
  since: 'entry',
  ifLate: i === 2 ? 'skip' : 'hold',
  when: null,
}))

export interface ChaosAccount {
  appId: string
  mode: 'plain' | 'compatible' | 'security'
  rules: AccountRules
}

/** One account for each guarantee: repeats only after an unclear attempt, no repeats at all, the long window. */
export const ACCOUNTS: readonly [ChaosAccount, ...ChaosAccount[]] = [
  account('wxchaosretry00001', 'security', 'wechat-2023', 'retry', SERIES),
  account('wxchaosassume0001', 'compatible', 'wechat-2023', 'assume-sent', SERIES),
  account('wxchaosclassic001', 'plain', 'classic-48h', 'retry', CLASSIC),
]

function account(
  appId: string,
  mode: ChaosAccount['mode'],
  profile: AccountRules['profile'],
  onUnknown: AccountRules['onUnknown'],
  steps: StepRule[],
): ChaosAccount {
  return { appId, mode, rules: { profile, onUnknown, steps, windowMs: WINDOW_MS } }
}

/** The campaign file of the account. Each message names its step and its run. */
export function campaignOf({ appId, rules }: ChaosAccount): { id: string; yaml: string } {
  const id = `chaos-${appId}`
  const steps = rules.steps.map((s) =>
    [
      `  - id: ${s.id}`,
      `    after: ${s.afterMs / 1000}s`,
      `    since: ${s.since}`,
      `    ifLate: ${s.ifLate}`,
      ...(s.when ? [`    when: ${s.when}`] : []),
      `    send: { text: "${s.id} {{ entry.at }}" }`,
    ].join('\n'),
  )
  const head = `id: ${id}\nname: ${id}\naccounts: [${appId}]\nentry: { event: subscribe }\nreply: { text: hello }`
  return { id, yaml: `${head}\nwindow: ${rules.windowMs / 1000}s\nsteps:\n${steps.join('\n')}\n` }
}

/** The step and the run that a message names; `entry.at` is in the account's time zone. */
export function parseMessage(text: string): { step: string; entryAt: number } {
  const [step = '', at = ''] = text.split(' ')
  return { step, entryAt: Date.parse(`${at}+08:00`) }
}
