import { and, asc, eq, isNull, lt, lte, sql } from 'drizzle-orm'
import { cutText } from '../text.ts'
import type { Db } from './db.ts'
import { authorisationVisits, componentTickets, platformEvents } from './schema.ts'
import type { Sealer } from './sealed.ts'

export interface PlatformEvent {
  id: number
  kind: 'authorised' | 'unauthorised'
  appId: string | null
  /** The authorisation code; null of a revocation. */
  code: string | null
  attempts: number
}

export type PlatformStore = ReturnType<typeof createPlatformStore>

/** What a third-party platform must remember. Tickets and codes are sealed. */
export function createPlatformStore(db: Db, sealer: Sealer) {
  return {
    async saveTicket(componentAppId: string, ticket: string, receivedAt: number): Promise<void> {
      const set = { ticketSealed: sealer.seal(ticket), receivedAt }
      await db
        .insert(componentTickets)
        .values({ componentAppId, ...set })
        .onConflictDoUpdate({ target: componentTickets.componentAppId, set })
    },
    async readTicket(componentAppId: string): Promise<{ ticket: string; receivedAt: number } | null> {
      const [row] = await db
        .select()
        .from(componentTickets)
        .where(eq(componentTickets.componentAppId, componentAppId))
      return row ? { ticket: sealer.open(row.ticketSealed), receivedAt: row.receivedAt } : null
    },
    async saveVisit(state: string, createdAt: number, expiresAt: number): Promise<void> {
      await db.delete(authorisationVisits).where(lt(authorisationVisits.expiresAt, createdAt - 86_400_000))
      await db.insert(authorisationVisits).values({ state, createdAt, expiresAt })
    },
    /** True while the visit that began with this state may come back. */
    async isOpenVisit(state: string, now: number): Promise<boolean> {
      const [row] = await db.select().from(authorisationVisits).where(eq(authorisationVisits.state, state))
      return row !== undefined && row.expiresAt > now
    },
    /** Keeps an event durably, once. Gives its row, known or new. */
    async accept(event: {
      key: string
      kind: PlatformEvent['kind']
      appId: string | null
      code: string | null
      receivedAt: number
    }): Promise<void> {
      const { code, ...row } = event
      await db
        .insert(platformEvents)
        .values({ ...row, codeSealed: code === null ? null : sealer.seal(code) })
        .onConflictDoNothing({ target: platformEvents.key })
    },
    /** What was received until `before` and is not done yet, oldest first. */
    async pending(limit: number, before: number): Promise<PlatformEvent[]> {
      const rows = await db
        .select()
        .from(platformEvents)
        .where(and(isNull(platformEvents.doneAt), lte(platformEvents.receivedAt, before)))
        .orderBy(asc(platformEvents.id))
        .limit(limit)
      return rows.map(({ id, kind, appId, codeSealed, attempts }) => ({
        id,
        kind,
        appId,
        code: codeSealed === null ? null : sealer.open(codeSealed),
        attempts,
      }))
    },
    /** What became of an event: which account it was about, or why it will never be done. */
    async outcome(
      key: string,
    ): Promise<{ done: boolean; appId: string | null; trouble: string | null } | null> {
      const [row] = await db.select().from(platformEvents).where(eq(platformEvents.key, key))
      return row ? { done: row.doneAt !== null, appId: row.appId, trouble: row.trouble } : null
    },
    /** The code goes with it: it has been used, or is good for nothing. */
    async markDone(
      id: number,
      done: { at: number; appId: string | null; trouble: string | null },
    ): Promise<void> {
      await db
        .update(platformEvents)
        .set({ doneAt: done.at, appId: done.appId, trouble: done.trouble, codeSealed: null })
        .where(and(eq(platformEvents.id, id), isNull(platformEvents.doneAt)))
    },
    async noteTrouble(id: number, trouble: string): Promise<void> {
      await db
        .update(platformEvents)
        .set({ trouble: cutText(trouble, 300), attempts: sql`${platformEvents.attempts} + 1` })
        .where(eq(platformEvents.id, id))
    },
  }
}
