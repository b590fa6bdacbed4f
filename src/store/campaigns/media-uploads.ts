import { and, eq, inArray } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { media, mediaUploads } from '../schema.ts'

/** A medium as one message uses it. */
export interface MediumRef {
  id: string
  type: 'image' | 'voice' | 'video' | 'thumb'
}

export type MediumRow = typeof media.$inferSelect

/** WeChat's media_ids of an account by `type:id`. Media that were never uploaded are missing. */
export async function readUploads(
  db: Db,
  appId: string,
  refs: readonly MediumRef[],
): Promise<Map<string, string>> {
  const rows = await uploadRows(db, appId, refs)
  return new Map(rows.map((r) => [`${r.type}:${r.mediaId}`, r.wechatMediaId]))
}

/** The uploads of these media by the account, of every type: one medium can have a row as `image` and one as `thumb`. */
export function uploadRows(db: Db, appId: string, refs: readonly MediumRef[]) {
  const ids = refs.map((r) => r.id)
  return db
    .select()
    .from(mediaUploads)
    .where(and(eq(mediaUploads.appId, appId), inArray(mediaUploads.mediaId, ids)))
}

/** Stores WeChat's media_id of a medium. */
export async function saveUpload(
  db: Db,
  upload: { appId: string; mediaId: string; type: string; wechatMediaId: string; uploadedAt: number },
): Promise<void> {
  const { wechatMediaId, uploadedAt } = upload
  await db
    .insert(mediaUploads)
    .values(upload)
    .onConflictDoUpdate({
      target: [mediaUploads.appId, mediaUploads.mediaId, mediaUploads.type],
      set: { wechatMediaId, uploadedAt },
    })
}

/** One uploaded medium with its content (base64), or null. */
export async function readMedium(db: Db, id: string): Promise<MediumRow | null> {
  const [row] = await db.select().from(media).where(eq(media.id, id))
  return row ?? null
}
