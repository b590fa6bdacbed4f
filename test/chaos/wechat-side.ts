import { createSimulator, type Simulator } from '../../src/simulator/index.ts'
import { callApi } from '../harness/process/program.ts'
import { type ChaosAccount, campaignOf, parseMessage } from './campaigns.ts'
import { type Environment, SECRETS } from './environments/environment.ts'
import { pause } from './followers.ts'
import type { Send, StatisticsRecord } from './judge/evidence.ts'

const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const POLL_MS = 1_000
/** WeChat waits this long for an answer before it repeats a callback, ms. */
const RESEND_AFTER_MS = 5_000

/** A simulated WeChat that repeats callbacks as slowly as the real one, so that an outage of some seconds loses none. */
export const createWechat = (): Simulator => createSimulator({ resendAfterMs: RESEND_AFTER_MS })

/** Registers the accounts on both sides and publishes their campaigns. */
export async function registerAccounts(
  environment: Environment,
  simulator: Simulator,
  apiBase: string,
  accounts: readonly ChaosAccount[],
): Promise<void> {
  for (const account of accounts) {
    const { appId, mode, rules } = account
    const secrets = { appSecret: 'test-secret', token: 'test-token', encodingAesKey: KEY }
    await callApi(environment.apiBase, '/api/accounts', {
      appId,
      mode,
      ...secrets,
      rules: rules.profile,
      onUnknown: rules.onUnknown,
      cap: rules.cap ? { messages: rules.cap.messages, per: `${rules.cap.perMs / 1000}s` } : null,
      apiBase,
    })
    simulator.addAccount({
      appId,
      mode,
      ...secrets,
      profile: rules.profile,
      callbackUrl: `${environment.callbackBase}/wechat/${appId}`,
    })
    const put = await putCampaign(environment, account, 'hello')
    if (!put.ok) throw new Error(`campaign of ${appId}: ${put.status} ${await put.text()}`)
  }
  // A campaign is live in other processes within two seconds: docs/contract.md#6-operator-api
  await pause(2_500)
}

/**
 * Publishes the next version of each campaign: only its passive reply is another. Each call is repeated until it is accepted, at
 * most until `until` (epoch ms), since a process may be away.
 */
export async function publishAgain(
  environment: Environment,
  accounts: readonly ChaosAccount[],
  until: number,
): Promise<void> {
  for (const account of accounts) {
    const isPublished = () =>
      putCampaign(environment, account, 'welcome').then(
        ({ ok }) => ok,
        () => false,
      )
    while (!(await isPublished()) && Date.now() < until) await pause(POLL_MS)
  }
}

function putCampaign(environment: Environment, account: ChaosAccount, reply: string): Promise<Response> {
  const { id, yaml } = campaignOf(account, reply)
  return fetch(`${environment.apiBase}/api/campaigns/${id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, 'content-type': 'application/yaml' },
    body: yaml,
    signal: AbortSignal.timeout(20_000),
  })
}

/** What the product's API counts of each campaign, in each version that has runs and in all together. */
export async function readStatistics(
  environment: Environment,
  accounts: readonly ChaosAccount[],
): Promise<StatisticsRecord[]> {
  const records: StatisticsRecord[] = []
  for (const account of accounts) {
    const { appId } = account
    const path = `/api/campaigns/${campaignOf(account).id}`
    const { versions } = await callApi<{ versions: { version: number }[] }>(environment.apiBase, path)
    for (const version of [null, ...versions.map((v) => v.version)]) {
      const query = version === null ? '' : `?version=${version}`
      const { runs, steps } = await callApi<{
        runs: Pick<StatisticsRecord, 'entered' | 'uncounted' | 'ended'>
        steps: StatisticsRecord['steps']
      }>(environment.apiBase, `${path}/statistics${query}`)
      const { entered, uncounted, ended } = runs
      records.push({
        ...{ appId, version, entered, uncounted, ended },
        steps: steps.map(({ step, sent, unknown }) => ({ step, sent, unknown })),
      })
    }
  }
  return records
}

/** A system that sets a fact repeats its call for so long, ms: a process may be away, and the follow may not be stored yet. */
const FACT_WITHIN_MS = 40_000

/** Sets the fact `paid` of a follower. @returns when the call was accepted, epoch ms; null: no call was */
export async function setPaid(
  environment: Environment,
  appId: string,
  openId: string,
): Promise<number | null> {
  const until = Date.now() + FACT_WITHIN_MS
  for (;;) {
    const isAccepted = await fetch(`${environment.apiBase}/api/followers/${appId}/${openId}/facts`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`,
        'content-type': 'application/json',
        // The same for each call, since an answer may be lost.
        'idempotency-key': `paid-${openId}`,
      },
      body: JSON.stringify({ paid: true }),
      signal: AbortSignal.timeout(5_000),
    }).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isAccepted) return Date.now()
    if (Date.now() > until) return null
    await pause(POLL_MS)
  }
}

/** Waits at most `withinMs` until the inbox is empty and no run is open. */
export async function waitForRunsToEnd(environment: Environment, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs
  const open = async () => {
    const [active, paused] = await Promise.all(
      ['active', 'paused'].map((s) =>
        callApi<{ items: unknown[] }>(environment.apiBase, `/api/followers?status=${s}&limit=1`),
      ),
    )
    const { pending } = await callApi<{ pending: number }>(environment.apiBase, '/api/inbox')
    return pending + (active?.items.length ?? 0) + (paused?.items.length ?? 0)
  }
  while (Date.now() < until && (await open().catch(() => 1)) > 0) await pause(POLL_MS)
}

export function sendsOf(simulator: Simulator, accounts: readonly ChaosAccount[]): Send[] {
  return accounts.flatMap(({ appId }) =>
    simulator.account(appId).sends.map((s) => ({
      appId,
      openId: s.openId,
      at: s.at,
      ...parseMessage(String((s.body.text as { content?: string } | undefined)?.content ?? '')),
      errcode: s.errcode,
      delivered: s.delivered,
      unclear: s.unclear,
    })),
  )
}
