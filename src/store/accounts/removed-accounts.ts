import { and, eq, inArray, isNull, like } from 'drizzle-orm'
import { endRun, type RunState } from '../../run/state.ts'
import type { Db } from '../db.ts'
import { unansweredSteps } from '../runs/deliveries.ts'
import { activeRunsByAccount, endRunFromOutside } from '../runs/run-rows.ts'
import {
  accessTokens,
  accounts,
  entries,
  followers,
  inbox,
  outbox,
  qrcodes,
  settings,
  testSends,
} from '../schema.ts'
import { clearModeMismatch } from './mode-mismatch.ts'
import { clearRefusedCallback } from './refused-callbacks.ts'
import { clearSavedMenu } from './saved-menus.ts'

/** The result of an event that was not dispatched when its account was removed. */
export const ACCOUNT_REMOVED = 'account-removed'
/** The reason of the ended runs of a removed account. */
export const REMOVED_REASON = 'account removed'
const SETTING_PREFIX = 'removed-account/'
const BATCH = 500

/**
 * Removes an account and records, in the same transaction, that its runs must be ended. From then on nothing is sent for it.
 * `finishRemoval` may run later, in another process.
 * @returns false when there is no such account
 */
export async function removeAccount(db: Db, appId: string, now: number): Promise<boolean> {
  return db.transaction(async (tx) => {
    const deleted = await tx
      .delete(accounts)
      .where(eq(accounts.appId, appId))
      .returning({ id: accounts.appId })
    if (deleted.length === 0) return false
    await tx.delete(accessTokens).where(eq(accessTokens.appId, appId))
    await clearModeMismatch(tx, appId)
    await clearRefusedCallback(tx, appId)
    await clearSavedMenu(tx, appId)
    await tx
      .update(inbox)
      .set({ result: ACCOUNT_REMOVED })
      .where(and(eq(inbox.appId, appId), isNull(inbox.dispatchedAt)))
    await tx
      .insert(settings)
      .values({ name: SETTING_PREFIX + appId, value: String(now), updatedAt: now })
      .onConflictDoNothing()
    return true
  })
}

/** Ends the runs of a removed account as `account-stopped` and deletes its followers, their entries, webhooks and test sends. Opt-outs are kept. */
export async function finishRemoval(db: Db, appId: string, now: number): Promise<void> {
  for (;;) {
    const active = await activeRunsByAccount(db, appId, BATCH)
    for (const row of active) {
      const state = stopRun(row.state, await unansweredSteps(db, row.runKey), now)
      await endRunFromOutside(db, row.runKey, row.revision, state, now)
    }
    if (active.length < BATCH) break
  }
  await db.delete(followers).where(and(eq(followers.appId, appId), isNull(followers.optedOutAt)))
  const initialValues = {
    followedAt: null,
    followedSeq: null,
    unfollowedAt: null,
    unfollowedSeq: null,
    grants: [],
    lastInteractionAt: null,
    messageGrantEndsAt: null,
    agent: false,
    agentAt: null,
    agentSeq: null,
    paused: false,
    attributes: null,
    attributesAt: null,
    own: {},
  }
  await db.update(followers).set(initialValues).where(eq(followers.appId, appId))
  await db.delete(outbox).where(eq(outbox.appId, appId))
  await db.delete(entries).where(eq(entries.appId, appId))
  await db.delete(testSends).where(eq(testSends.appId, appId))
  await db.delete(qrcodes).where(eq(qrcodes.appId, appId))
  await db.delete(settings).where(eq(settings.name, SETTING_PREFIX + appId))
}

/** Removed accounts whose runs are not ended yet. `appId`: checks only this account. */
export async function unfinishedRemovals(db: Db, appId?: string): Promise<string[]> {
  const rows = await db
    .select({ name: settings.name })
    .from(settings)
    .where(
      appId === undefined
        ? like(settings.name, `${SETTING_PREFIX}%`)
        : eq(settings.name, SETTING_PREFIX + appId),
    )
  return rows.map((r) => r.name.slice(SETTING_PREFIX.length))
}

/** Which of these accounts are registered. */
export async function registeredAmong(db: Db, appIds: readonly string[]): Promise<Set<string>> {
  if (appIds.length === 0) return new Set()
  const rows = await db
    .select({ appId: accounts.appId })
    .from(accounts)
    .where(inArray(accounts.appId, [...new Set(appIds)]))
  return new Set(rows.map((r) => r.appId))
}

function stopRun(state: RunState, openSteps: readonly string[], at: number): RunState {
  const ended = endRun(state, 'account-stopped', REMOVED_REASON, at)
  return { ...ended, steps: resolveOpenSteps(state, ended, openSteps, 'account-stopped') }
}

/** The steps of a run that was ended from outside. A step with an intent and no result becomes `unknown`. */
export function resolveOpenSteps(
  before: RunState,
  ended: RunState,
  openSteps: readonly string[],
  reason: string,
): RunState['steps'] {
  return ended.steps.map((s, i) =>
    openSteps.includes(s.id) && before.steps[i]?.state !== 'sent' ? { ...s, state: 'unknown', reason } : s,
  )
}
