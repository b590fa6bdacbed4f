import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { hashRecipient } from '../runs/erase-follower.ts'
import { accounts, type SendQuota } from '../schema.ts'

/** How many followers in a row that WeChat does not know block the account: docs/contract.md#4-sending. */
const MAX_INVALID_RECIPIENTS = 3

/** What WeChat's answers to sends say of an account. */
export function createSendFindings(db: Db) {
  return {
    /** Notes a follower that WeChat does not know; true when they are three different ones in a row. */
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
    /** A send that worked: the next invalid recipient is the first in a row. */
    async recordValidRecipient(appId: string): Promise<void> {
      await db
        .update(accounts)
        .set({ invalidRecipients: [] })
        .where(and(eq(accounts.appId, appId), sql`${accounts.invalidRecipients} <> '[]'::jsonb`))
    },
    /** WeChat refused this kind of message as such: publishing warns of it. */
    async recordRefusedKind(appId: string, kind: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refusedKinds: sql`${accounts.refusedKinds} || to_jsonb(${kind}::text)` })
        .where(and(eq(accounts.appId, appId), sql`NOT ${accounts.refusedKinds} @> to_jsonb(${kind}::text)`))
    },
    /** What WeChat says of the account's quota for sends. */
    async saveSendQuota(appId: string, sendQuota: SendQuota): Promise<void> {
      await db.update(accounts).set({ sendQuota }).where(eq(accounts.appId, appId))
    },
    /** WeChat accepted a message of this kind. */
    async recordAcceptedKind(appId: string, kind: string): Promise<void> {
      await db
        .update(accounts)
        .set({ refusedKinds: sql`${accounts.refusedKinds} - ${kind}::text` })
        .where(eq(accounts.appId, appId))
    },
    /** WeChat lets the account send: what it refused before is to be tried again, certification is to be asked again. */
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
