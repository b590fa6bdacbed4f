import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import { ask } from '../support/program.ts'
import { type ChaosAccount, campaignOf, readMessage } from './campaigns.ts'
import type { Send } from './journal.ts'
import { pause } from './population.ts'
import { SECRETS, type Stage } from './stage.ts'

const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const LOOK_MS = 1_000
/** WeChat waits so long for an answer, and then sends again (rules of its callbacks). */
const RESEND_AFTER_MS = 5_000

/** A simulated WeChat that re-sends as slowly as the real one: what is away for some seconds is reached again. */
export const createWechat = (): Simulator => createSimulator({ resendAfterMs: RESEND_AFTER_MS })

/** Registers the accounts on both sides and publishes their campaigns. */
export async function openAccounts(
  stage: Stage,
  simulator: Simulator,
  apiBase: string,
  accounts: readonly ChaosAccount[],
): Promise<void> {
  for (const account of accounts) {
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

/** Waits until no event waits and no run is open; at most `withinMs`. */
export async function runsEnd(stage: Stage, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs
  const open = async () => {
    const [active, paused] = await Promise.all(
      ['active', 'paused'].map((s) =>
        ask<{ items: unknown[] }>(stage.apiBase, `/api/followers?status=${s}&limit=1`),
      ),
    )
    const { pending } = await ask<{ pending: number }>(stage.apiBase, '/api/inbox')
    return pending + (active?.items.length ?? 0) + (paused?.items.length ?? 0)
  }
  while (Date.now() < until && (await open().catch(() => 1)) > 0) await pause(LOOK_MS)
}

export function sendsOf(simulator: Simulator, accounts: readonly ChaosAccount[]): Send[] {
  return accounts.flatMap(({ appId }) =>
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
