import { and, desc, eq, gte } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { inbox } from '../schema.ts'
import { dispatchedEvent } from './inbox-rows.ts'

/** Events of a follower on one page: enough for the longest window, and bounded. */
const MOST = 300

export type FollowerEventView = Awaited<ReturnType<typeof readFollowerEvents>>[number]

/** The newest events of a follower since a time, in their order. Older ones than the purge keeps are missing. */
export async function readFollowerEvents(db: Db, { appId, openId }: FollowerKey, since: number) {
  const { id, kind, createTime, event, keptText, reply } = inbox
  const rows = await db
    .select({ id, kind, createTime, event, keptText, reply })
    .from(inbox)
    .where(and(eq(inbox.appId, appId), eq(inbox.openId, openId), gte(createTime, since)))
    .orderBy(desc(createTime), desc(id))
    .limit(MOST)
  return rows.reverse().map(({ event: stored, ...row }) => {
    const { scene = null, aheadMs = 0, eventKey = null, qrScene = null } = dispatchedEvent(stored)
    // Requests of this product have the hash of their content there.
    const passive = row.reply as { kind?: unknown } | null
    return {
      id: row.id,
      kind: row.kind,
      /** By this machine's clock, epoch ms. */
      at: row.createTime + aheadMs,
      scene,
      eventKey,
      qrScene,
      /** Null where the account keeps no texts. */
      text: row.keptText,
      reply:
        typeof passive?.kind === 'string' ? (passive as Record<string, unknown> & { kind: string }) : null,
    }
  })
}
