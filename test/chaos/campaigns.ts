import type { AccountRules, CapRule, StepRule, Ways } from './judge/evidence.ts'

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

/** How late the follows of the capped account arrive: what is sent later than 10 minutes after a follow answers nothing. */
const LATE_MS = 11 * 60_000

/** At most two unasked messages in a minute: the third is skipped, the fourth waits until one has left the period. */
const CAP: CapRule = { messages: 2, perMs: 60_000 }
const CAPPED: StepRule[] = [
  { id: 'first', afterMs: 2_000, ifLate: 'hold' },
  { id: 'second', afterMs: 5_000, ifLate: 'hold' },
  { id: 'dropped', afterMs: 8_000, ifLate: 'skip' },
  { id: 'waits', afterMs: 11_000, ifLate: 'hold' },
  { id: 'over', afterMs: 14_000, ifLate: 'hold', anytime: true as const },
].map((step) => ({
  ...(step as Pick<StepRule, 'id' | 'ifLate' | 'anytime'>),
  afterMs: LATE_MS + step.afterMs,
  since: 'entry',
  when: null,
}))

const FORKED_APP = 'wxchaosforked0001'

/** What the judge knows of `FORKED`. */
const WAYS: Ways = {
  campaign: `chaos-${FORKED_APP}`,
  ask: 'ask',
  answer: {
    waitMs: 14_000,
    meanwhile: 'remind',
    branches: { '1': ['one', 'one-more'], '2': ['two'], tap: ['tapped'] },
    silent: ['silent'],
  },
  share: { id: 'half', percent: 50, inside: 'half-a', outside: 'half-b' },
  paid: { waitMs: 8_000, yes: 'thanks', no: 'offer' },
  last: 'bye',
}

/** The menu key that followers tap. */
export const MENU_KEY = 'menu'

const says = (id: string, after = '0s') =>
  `{ id: ${id}, after: ${after}, send: { text: "${id} {{ entry.at }}" } }`

/** Branches by a word, by a tap, by share and by a fact. A run of a silent follower takes half a minute. */
const FORKED = `
  - ${says('ask', '2s')}
  - id: answer
    wait: 14s
    meanwhile: [${says('remind', '7s')}]
    branches:
      - { name: one, on: { keywords: ['1'] }, steps: [${says('one')}, ${says('one-more', '3s')}] }
      - { name: two, on: { keywords: ['2'] }, steps: [${says('two')}] }
      - { name: tap, on: { keys: [${MENU_KEY}] }, steps: [${says('tapped')}] }
    else: [${says('silent')}]
  - id: half
    branches: [{ name: a, share: 50, steps: [${says('half-a', '2s')}] }]
    else: [${says('half-b', '2s')}]
  - id: paid
    wait: 8s
    branches: [{ name: yes, on: { facts: { paid: true } }, steps: [${says('thanks')}] }]
    else: [${says('offer')}]
  - ${says('bye', '2s')}`

export interface ChaosAccount {
  appId: string
  mode: 'plain' | 'compatible' | 'security'
  rules: AccountRules
}

/** One account for each guarantee: repeats only after an unclear attempt, no repeats at all, the long window, one way only, a cap. */
export const ACCOUNTS: readonly [ChaosAccount, ...ChaosAccount[]] = [
  account('wxchaosretry00001', 'security', 'wechat-2023', 'retry', SERIES),
  account('wxchaosassume0001', 'compatible', 'wechat-2023', 'assume-sent', SERIES),
  account('wxchaosclassic001', 'plain', 'classic-48h', 'retry', CLASSIC),
  forkedAccount(),
  cappedAccount(),
]

/** The grant of the follow pays for the whole series, so that no way is cut short by the rules. */
function forkedAccount(): ChaosAccount {
  const plain = account(FORKED_APP, 'security', 'classic-48h', 'retry', [])
  return { ...plain, rules: { ...plain.rules, ways: WAYS } }
}

/** Its window has time for the step that waits for the cap, and for faults. */
function cappedAccount(): ChaosAccount {
  const plain = account('wxchaoscapped0001', 'security', 'classic-48h', 'retry', CAPPED)
  return {
    ...plain,
    rules: { ...plain.rules, windowMs: LATE_MS + 150_000, cap: CAP, followsLateMs: LATE_MS },
  }
}

function account(
  appId: string,
  mode: ChaosAccount['mode'],
  profile: AccountRules['profile'],
  onUnknown: AccountRules['onUnknown'],
  steps: StepRule[],
): ChaosAccount {
  return { appId, mode, rules: { profile, onUnknown, steps, windowMs: WINDOW_MS } }
}

/**
 * The campaign file of the account. Each message names its step and its run.
 * @param reply the passive reply to the follow, which is another in each version
 */
export function campaignOf({ appId, rules }: ChaosAccount, reply = 'hello'): { id: string; yaml: string } {
  const id = `chaos-${appId}`
  const steps = rules.steps.map((s) =>
    [
      `  - id: ${s.id}`,
      `    after: ${s.afterMs / 1000}s`,
      `    since: ${s.since}`,
      `    ifLate: ${s.ifLate}`,
      ...(s.when ? [`    when: ${s.when}`] : []),
      ...(s.anytime ? ['    anytime: true'] : []),
      `    send: { text: "${s.id} {{ entry.at }}" }`,
    ].join('\n'),
  )
  const head = `id: ${id}\nname: ${id}\naccounts: [${appId}]\nentry: { event: subscribe }\nreply: { text: ${reply} }`
  const items = rules.ways ? FORKED : `\n${steps.join('\n')}`
  return { id, yaml: `${head}\nwindow: ${rules.windowMs / 1000}s\nsteps:${items}\n` }
}

/** The step and the run that a message names; `entry.at` is in the account's time zone. */
export function parseMessage(text: string): { step: string; entryAt: number } {
  const [step = '', at = ''] = text.split(' ')
  return { step, entryAt: Date.parse(`${at}+08:00`) }
}
