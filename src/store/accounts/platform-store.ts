import { and, asc, eq, gt, isNull, lt, lte, max, or, sql } from 'drizzle-orm'
import { truncateText } from '../../shared/text.ts'
import type { Db } from '../db.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { accounts, componentTickets, pendingAuthorisations, platformEvents } from '../schema.ts'

export interface PlatformEvent {
  id: number
  kind: 'authorised' | 'unauthorised'
  appId: string | null
  /** The authorisation code; null of a revocation. */
  code: string | null
  receivedAt: number
  /**
   * When it happened by WeChat's clock, epoch ms in whole seconds. Null of an authorisation that only the owner's browser
   * has brought so far.
   */
  createTime: number | null
  attempts: number
}

/** `key` names the event: it is kept once. */
type NewPlatformEvent = Omit<PlatformEvent, 'id' | 'attempts'> & { dedupeKey: string }

export type PlatformStore = ReturnType<typeof createPlatformStore>

/** What a third-party platform must remember. Tickets and codes are encrypted. */
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
     * Keeps the newest ticket by `CreateTime` (epoch ms). One that has expired (`lifetimeMs` after it came) is replaced by any: a
     * wrong time of the past must not keep the platform from its tickets.
     * @returns false when a newer one is known
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
     * Redeems the pending authorisation with this state by one code, named by its dedupe key. The same code again is the
     * same page loaded again.
     * @returns false for another code, and once it has expired
     */
    async redeemPendingAuthorisation(state: string, codeKey: string, now: number): Promise<boolean> {
      const { codeKey: used } = pendingAuthorisations
      const taken = await db
        .update(pendingAuthorisations)
        .set({ codeKey })
        .where(
          and(
            eq(pendingAuthorisations.state, state),
            gt(pendingAuthorisations.expiresAt, now),
            or(isNull(used), eq(used, codeKey)),
          ),
        )
        .returning({ state: pendingAuthorisations.state })
      return taken.length > 0
    },
  }
}

function createPlatformEvents(db: Db, sealer: Sealer) {
  return {
    /**
     * Keeps an event durably, once. The owner's browser and WeChat's push may bring the same authorisation: the push knows
     * when it was given, so its `createTime` counts, also for an account that the browser has authorised already.
     */
    accept: (event: NewPlatformEvent) => acceptEvent(db, sealer, event),
    /** What was received until `before` and is not done yet, oldest first. */
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
    /** When the account last took its authorisation back, also when it was not known here then. */
    async lastRevocation(appId: string): Promise<number | null> {
      const [row] = await db
        .select({ at: max(platformEvents.createTime) })
        .from(platformEvents)
        .where(and(eq(platformEvents.kind, 'unauthorised'), eq(platformEvents.appId, appId)))
      return row?.at ?? null
    },
    /** An event's time as it is known by now: WeChat's push may have brought it meanwhile. */
    async createTimeOf(id: number): Promise<number | null> {
      const [row] = await db
        .select({ createTime: platformEvents.createTime })
        .from(platformEvents)
        .where(eq(platformEvents.id, id))
      return row?.createTime ?? null
    },
    /** What became of an event: which account it was about, or why it will never be done. */
    async outcome(
      key: string,
    ): Promise<{ done: boolean; appId: string | null; error: string | null } | null> {
      const [row] = await db.select().from(platformEvents).where(eq(platformEvents.dedupeKey, key))
      return row ? { done: row.doneAt !== null, appId: row.appId, error: row.error } : null
    },
    /**
     * The code goes with it: it has been used, or is good for nothing. `createTime`: the time that it was given where
     * WeChat had given none.
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
 * Pending authorisations that have expired, and authorisations that were done or given up before `before` (epoch ms), go. Revocations stay: the
 * newest one of an account says which authorisation is older than it.
 */
export async function purgePlatform(db: Db, before: number): Promise<void> {
  await db.delete(pendingAuthorisations).where(lt(pendingAuthorisations.expiresAt, before))
  await db
    .delete(platformEvents)
    .where(and(eq(platformEvents.kind, 'authorised'), lt(platformEvents.doneAt, before)))
}
