import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import { ask } from '../support/program.ts'
import type { Random } from '../support/random.ts'
import { ACCOUNTS, campaignOf, readMessage } from './campaigns.ts'
import { inflict } from './inflict.ts'
import type { Evidence, Send } from './journal.ts'
import { type CallbackTrouble, createPopulation, pause } from './population.ts'
import { planFaults } from './schedule.ts'
import { SECRETS, type Stage } from './stage.ts'

const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
/** After the last act: the window, and as much again for what came late. */
const PATIENCE_MS = 150_000
/** WeChat waits so long for an answer, and then sends again (rules of its callbacks). */
const RESEND_AFTER_MS = 5_000
const STAYS_QUIET_MS = 3_000

/** One performance: followers come and go for `forMs` while faults hit, then all is mended and the runs end. */
export async function perform(
  stage: Stage,
  options: { random: Random; forMs: number; perSecond: number; say(line: string): void },
): Promise<Evidence> {
  const { random, forMs, say } = options
  const trouble: CallbackTrouble = { losesAnswers: false, clockSkewS: 0 }
  const simulator = createSimulator({ resendAfterMs: RESEND_AFTER_MS })
  const { url } = await simulator.listen(0)
  try {
    await stage.heal()
    await openAccounts(stage, simulator, url)
    const plan = planFaults(random, {
      forMs,
      parts: stage.parts.map((p) => p.name),
      disk: stage.fillDisk !== undefined,
    })
    const population = createPopulation({ simulator, random, trouble, perSecond: options.perSecond })
    const [faults] = await Promise.all([
      inflict(stage, simulator, trouble, plan, say),
      population.comeAndGo(Date.now() + forMs),
    ])
    simulator.clearFaults()
    await stage.heal()
    say(`  ${population.acts.length} callbacks; waiting for the runs to end`)
    await runsEnd(stage)
    const endedAt = Date.now()
    await pause(STAYS_QUIET_MS)
    const rules = Object.fromEntries(ACCOUNTS.map((a) => [a.appId, a.rules]))
    const stored = await stage.readStore()
    return { accounts: rules, acts: population.acts, sends: sendsOf(simulator), ...stored, faults, endedAt }
  } finally {
    await simulator.close()
  }
}

async function openAccounts(stage: Stage, simulator: Simulator, apiBase: string): Promise<void> {
  for (const account of ACCOUNTS) {
    const { appId, mode, rules } = account
    const secrets = { appSecret: 'test-secret', token: 'test-token', encodingAesKey: KEY }
    await ask(stage.apiBase, '/api/accounts', {
      appId,
      mode,
      ...secrets,
      rules: rules.profile,
      onUnknown: rules.onUnknown,
      apiBase,
    })
    simulator.addAccount({
      appId,
      mode,
      ...secrets,
      profile: rules.profile,
      callbackUrl: `${stage.callbackBase}/wechat/${appId}`,
    })
    const { id, yaml } = campaignOf(account)
    const put = await fetch(`${stage.apiBase}/api/campaigns/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, 'content-type': 'application/yaml' },
      body: yaml,
    })
    if (!put.ok) throw new Error(`campaign ${id}: ${put.status} ${await put.text()}`)
  }
  // Contract, section 6: live in other processes within two seconds.
  await pause(2_500)
}

async function runsEnd(stage: Stage): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  const open = async () => {
    const [active, paused] = await Promise.all(
      ['active', 'paused'].map((s) =>
        ask<{ items: unknown[] }>(stage.apiBase, `/api/followers?status=${s}&limit=1`),
      ),
    )
    const { pending } = await ask<{ pending: number }>(stage.apiBase, '/api/inbox')
    return pending + (active?.items.length ?? 0) + (paused?.items.length ?? 0)
  }
  while (Date.now() < until && (await open().catch(() => 1)) > 0) await pause(1_000)
}

function sendsOf(simulator: Simulator): Send[] {
  return ACCOUNTS.flatMap(({ appId }) =>
    simulator.account(appId).sends.map((s) => ({
      appId,
      openId: s.openId,
      at: s.at,
      ...readMessage(String((s.body.text as { content?: string } | undefined)?.content ?? '')),
      errcode: s.errcode,
      delivered: s.delivered,
      unclear: s.unclear,
    })),
  )
}
