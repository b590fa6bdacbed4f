import { and, asc, eq, gt, isNull, lt, lte, max, or, sql } from 'drizzle-orm'
import { truncateText } from '../../shared/text.ts'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accounts, componentTickets, pendingAuthorisations, platformEvents } from '../schema.ts'

export interface PlatformEvent {
  id: number
  kind: 'authorised' | 'unauthorised'
  appId: string | null
  /** The authorisation code; null for a revocation. */
  code: string | null
  receivedAt: number
  /**
   * When it happened by WeChat's clock, epoch ms in whole seconds. Null for an authorisation that only the owner's browser has
   * reported so far.
   */
  createTime: number | null
  attempts: number
}

/** An event is stored once for each `dedupeKey`. */
type NewPlatformEvent = Omit<PlatformEvent, 'id' | 'attempts'> & { dedupeKey: string }

export type PlatformStore = ReturnType<typeof createPlatformStore>

/** Tickets, pending authorisations and events of a third-party platform. Tickets and codes are encrypted. */
export function createPlatformStore(db: Db, sealer: Sealer) {
  return {
    ...createComponentTickets(db, sealer),
    ...createPendingAuthorisations(db),
    ...createPlatformEvents(db, sealer),
  }
}

function createComponentTickets(db: Db, sealer: Sealer) {
  return {
    /**
     * Stores a ticket if it is the newest by `CreateTime` (epoch ms). Any ticket replaces one that has expired, `lifetimeMs`
     * after it arrived, so that a ticket with a wrong time cannot block later ones.
     * @returns false when a newer ticket is known
     */
    async saveTicket(
      componentAppId: string,
      ticket: string,
      at: { createTime: number; receivedAt: number; lifetimeMs: number },
    ): Promise<boolean> {
      const { createTime, receivedAt, lifetimeMs } = at
      const set = { ticketSealed: sealer.seal(ticket), receivedAt, createTime }
      const saved = await db
        .insert(componentTickets)
        .values({ componentAppId, ...set })
        .onConflictDoUpdate({
          target: componentTickets.componentAppId,
          set,
          setWhere: or(
            lte(componentTickets.createTime, createTime),
            lt(componentTickets.receivedAt, receivedAt - lifetimeMs),
          ),
        })
        .returning({ appId: componentTickets.componentAppId })
      return saved.length > 0
    },
    async readTicket(componentAppId: string): Promise<{ ticket: string; receivedAt: number } | null> {
      const [row] = await db
        .select()
        .from(componentTickets)
        .where(eq(componentTickets.componentAppId, componentAppId))
      return row ? { ticket: sealer.open(row.ticketSealed), receivedAt: row.receivedAt } : null
    },
  }
}

function createPendingAuthorisations(db: Db) {
  return {
    async savePendingAuthorisation(state: string, createdAt: number, expiresAt: number): Promise<void> {
      await db.insert(pendingAuthorisations).values({ state, createdAt, expiresAt })
    },
    /**
     * Redeems the pending authorisation with this state for one code, given by its dedupe key. The same code may be redeemed
     * again: the browser loaded the page again.
     * @returns false for another code, and after the authorisation has expired
     */
    async redeemPendingAuthorisation(state: string, codeKey: string, now: number): Promise<boolean> {
      const { codeKey: usedKey } = pendingAuthorisations
      const redeemed = await db
        .update(pendingAuthorisations)
        .set({ codeKey })
        .where(
          and(
            eq(pendingAuthorisations.state, state),
            gt(pendingAuthorisations.expiresAt, now),
            or(isNull(usedKey), eq(usedKey, codeKey)),
          ),
        )
        .returning({ state: pendingAuthorisations.state })
      return redeemed.length > 0
    },
  }
}

function createPlatformEvents(db: Db, sealer: Sealer) {
  return {
    /**
     * Stores an event durably, once. The owner's browser and WeChat's push may report the same authorisation. Only the push has
     * the time, so its `createTime` counts, also for an account that the browser has authorised already.
     */
    accept: (event: NewPlatformEvent) => acceptEvent(db, sealer, event),
    /** Events received until `before` that are not done yet, oldest first. */
    async pending(limit: number, before: number): Promise<PlatformEvent[]> {
      const rows = await db
        .select()
        .from(platformEvents)
        .where(and(isNull(platformEvents.doneAt), lte(platformEvents.receivedAt, before)))
        .orderBy(asc(platformEvents.id))
        .limit(limit)
      return rows.map(({ id, kind, appId, codeSealed, receivedAt, createTime, attempts }) => ({
        id,
        kind,
        appId,
        code: codeSealed === null ? null : sealer.open(codeSealed),
        receivedAt,
        createTime,
        attempts,
      }))
    },
    /** The time of the account's last revocation, also when the account was unknown then; null: none. */
    async lastRevocation(appId: string): Promise<number | null> {
      const [row] = await db
        .select({ at: max(platformEvents.createTime) })
        .from(platformEvents)
        .where(and(eq(platformEvents.kind, 'unauthorised'), eq(platformEvents.appId, appId)))
      return row?.at ?? null
    },
    /** The time of an event as known now: WeChat's push may have reported it meanwhile. */
    async createTimeOf(id: number): Promise<number | null> {
      const [row] = await db
        .select({ createTime: platformEvents.createTime })
        .from(platformEvents)
        .where(eq(platformEvents.id, id))
      return row?.createTime ?? null
    },
    /** The result of an event: its account, or why it failed. Null when there is no such event. */
    async outcome(
      dedupeKey: string,
    ): Promise<{ done: boolean; appId: string | null; error: string | null } | null> {
      const [row] = await db.select().from(platformEvents).where(eq(platformEvents.dedupeKey, dedupeKey))
      return row ? { done: row.doneAt !== null, appId: row.appId, error: row.error } : null
    },
    /**
     * Marks an event as done and deletes its code.
     * @param done.createTime the time to store when WeChat has reported none
     */
    async markDone(
      id: number,
      done: { at: number; appId: string | null; error: string | null; createTime?: number },
    ): Promise<void> {
      await db
        .update(platformEvents)
        .set({
          doneAt: done.at,
          appId: done.appId,
          error: done.error,
          codeSealed: null,
          ...(done.createTime === undefined
            ? {}
            : { createTime: sql`COALESCE(${platformEvents.createTime}, ${done.createTime}::bigint)` }),
        })
        .where(and(eq(platformEvents.id, id), isNull(platformEvents.doneAt)))
    },
    async recordError(id: number, error: string): Promise<void> {
      await db
        .update(platformEvents)
        .set({ error: truncateText(error, 300), attempts: sql`${platformEvents.attempts} + 1` })
        .where(eq(platformEvents.id, id))
    },
  }
}

async function acceptEvent(db: Db, sealer: Sealer, event: NewPlatformEvent): Promise<void> {
  const { code, ...row } = event
  await db.transaction(async (tx) => {
    const added = await tx
      .insert(platformEvents)
      .values({ ...row, codeSealed: code === null ? null : sealer.seal(code) })
      .onConflictDoNothing({ target: platformEvents.dedupeKey })
      .returning({ id: platformEvents.id })
    const { createTime } = event
    if (added.length > 0 || createTime === null) return
    const [known] = await tx
      .select()
      .from(platformEvents)
      .where(eq(platformEvents.dedupeKey, event.dedupeKey))
      .for('update')
    if (!known || known.createTime === createTime) return
    await tx.update(platformEvents).set({ createTime }).where(eq(platformEvents.id, known.id))
    if (known.createTime === null || known.appId === null) return
    await tx
      .update(accounts)
      .set({ authorisationAt: createTime })
      .where(and(eq(accounts.appId, known.appId), eq(accounts.authorisationAt, known.createTime)))
  })
}

/**
 * Deletes pending authorisations that have expired, and authorisations that were done or failed before `before` (epoch ms).
 * Revocations stay: they show which authorisations are older.
 */
export async function purgePlatform(db: Db, before: number): Promise<void> {
  await db.delete(pendingAuthorisations).where(lt(pendingAuthorisations.expiresAt, before))
  await db
    .delete(platformEvents)
    .where(and(eq(platformEvents.kind, 'authorised'), lt(platformEvents.doneAt, before)))
}
