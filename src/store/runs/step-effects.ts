import { and, eq, sql } from 'drizzle-orm'
import { servesAccount } from '../../campaign/target-accounts.ts'
import type { DoneStep } from '../../run/act.ts'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { acceptRequest } from '../inbox/accept-request.ts'
import { campaigns, campaignVersions, followers } from '../schema.ts'
import { enqueueWebhook } from '../webhooks/outbox.ts'

/** What became of a step's effects. */
export interface WrittenEffects {
  /** An event was stored: wake the dispatcher. */
  hasEvents: boolean
  /** Why the follower cannot enter the campaign of the step's `go`; null when nothing is known against it. */
  problem: string | null
}

/**
 * Writes what a step does besides its message: facts and the entry into another campaign as events of the follower, a webhook to
 * the outbox. Call it in the transaction that records the step's result. Each is written once, however often a step is repeated.
 * @param now real time, epoch ms
 */
export async function writeStepEffects(
  tx: Db,
  follower: FollowerKey,
  step: DoneStep,
  now: number,
): Promise<WrittenEffects> {
  const { runKey, stepId, acts } = step
  const key = (action: string) => `${runKey}/${stepId}/${action}`
  if (acts.set)
    await acceptRequest(
      tx,
      { follower, request: { type: 'fact', facts: acts.set, by: runKey }, key: key('set') },
      now,
    )
  if (acts.webhook !== undefined) await queueWebhook(tx, follower, { ...step, endpoint: acts.webhook }, now)
  const problem =
    acts.go === undefined ? null : await requestEntry(tx, follower, step, acts.go, key('go'), now)
  return { hasEvents: acts.set !== undefined || (acts.go !== undefined && problem === null), problem }
}

async function queueWebhook(
  tx: Db,
  follower: FollowerKey,
  { endpoint, runKey, stepId, campaign, version, qrScene, variant, own, at }: DoneStep & { endpoint: string },
  now: number,
): Promise<void> {
  // The run knows only the facts that its campaign uses, but those that its steps have just set too.
  const [row] = await tx
    .select({ own: followers.own })
    .from(followers)
    .where(and(eq(followers.appId, follower.appId), eq(followers.openId, follower.openId)))
  const facts = { ...row?.own, ...own }
  const event = { campaign, version, step: stepId, runKey, qrScene, variant, facts, at }
  await enqueueWebhook(tx, follower, endpoint, event, now)
}

/** @returns why the follower cannot enter */
async function requestEntry(
  tx: Db,
  follower: FollowerKey,
  { runKey }: DoneStep,
  campaign: string,
  key: string,
  now: number,
): Promise<string | null> {
  const [target] = await tx
    .select({
      version: campaigns.version,
      state: campaigns.state,
      accounts: sql<string[] | null>`${campaignVersions.model}->'accounts'`,
    })
    .from(campaigns)
    .innerJoin(
      campaignVersions,
      and(eq(campaignVersions.id, campaigns.id), eq(campaignVersions.version, campaigns.version)),
    )
    .where(eq(campaigns.id, campaign))
  if (!target || target.state === 'deleted') return `there is no campaign ${campaign}`
  if (target.state === 'retired') return `campaign ${campaign} is retired`
  if (target.state === 'paused') return `campaign ${campaign} is paused`
  if (!servesAccount(target, follower.appId)) return `campaign ${campaign} does not serve this account`
  const start = { campaign, version: target.version, event: 'api' as const }
  await acceptRequest(tx, { follower, request: { type: 'enter', facts: {}, after: runKey }, start, key }, now)
  return null
}
