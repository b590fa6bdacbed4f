import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { hashRecipient } from '../runs/erase-follower.ts'
import { accounts, type SendQuota } from '../schema.ts'

/** This many different unknown followers in a row block the account: docs/contract.md#4-sending. */
const MAX_INVALID_RECIPIENTS = 3

/** Stores what WeChat's answers to sends show about an account. */
export function createSendFindings(db: Db) {
  return {
    /** Records a follower that WeChat does not know. True when three different ones came in a row. */
    async recordInvalidRecipient(appId: string, openId: string): Promise<boolean> {
      const recipientHash = hashRecipient(openId)
      const [row] = await db
        .update(accounts)
        .set({
          invalidRecipients: sql`CASE WHEN ${accounts.invalidRecipients} @> to_jsonb(${recipientHash}::text) THEN ${accounts.invalidRecipients}
            ELSE ${accounts.invalidRecipients} || to_jsonb(${recipientHash}::text) END`,
        })
        .where(eq(accounts.appId, appId))
        .returning({ recipients: accounts.invalidRecipients })
      return (row?.recipients.length ?? 0) >= MAX_INVALID_RECIPIENTS
    },
    /** Records a successful send: the next invalid recipient is the first in a row. */
    async recordValidRecipient(appId: string): Promise<void> {
      await db
        .update(accounts)
        .set({ invalidRecipients: [] })
        .where(and(eq(accounts.appId, appId), sql`${accounts.invalidRecipients} <> '[]'::jsonb`))
    },
    /** Records that WeChat refuses this kind of message. Publishing warns of it. */
    async recordRefusedKind(appId: string, kind: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refusedKinds: sql`${accounts.refusedKinds} || to_jsonb(${kind}::text)` })
        .where(and(eq(accounts.appId, appId), sql`NOT ${accounts.refusedKinds} @> to_jsonb(${kind}::text)`))
    },
    /** Stores the account's quota for sends. */
    async saveSendQuota(appId: string, sendQuota: SendQuota): Promise<void> {
      await db.update(accounts).set({ sendQuota }).where(eq(accounts.appId, appId))
    },
    /** Records that WeChat accepts this kind of message. */
    async recordAcceptedKind(appId: string, kind: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refusedKinds: sql`${accounts.refusedKinds} - ${kind}::text` })
        .where(eq(accounts.appId, appId))
    },
    /** Clears refused kinds, and a missing certification, after WeChat allowed the account to send again. */
    async clearRefusals(appId: string): Promise<void> {
      await db
        .update(accounts)
        .set({
          refusedKinds: [],
          verified: sql`CASE WHEN ${accounts.verified} THEN true END`,
        })
        .where(eq(accounts.appId, appId))
    },
  }
}
