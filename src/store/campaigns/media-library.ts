import { and, desc, eq, inArray, lt, or } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { media, mediaUploads } from '../schema.ts'

/** A stored medium without its content. */
export type MediumInfo = Omit<typeof media.$inferSelect, 'content'>

/** When a medium was uploaded to WeChat for an account. Epoch ms. */
export type MediumUpload = Pick<typeof mediaUploads.$inferSelect, 'appId' | 'mediaId' | 'type' | 'uploadedAt'>

/** Everything but the content, which may have 10 MiB. */
const COLUMNS = {
  id: media.id,
  type: media.type,
  contentType: media.contentType,
  filename: media.filename,
  bytes: media.bytes,
  createdAt: media.createdAt,
}

/** One page of the stored media, newest first. */
export function listMedia(
  db: Db,
  { after, limit }: { after: { time: number; key: string } | null; limit: number },
): Promise<MediumInfo[]> {
  return db
    .select(COLUMNS)
    .from(media)
    .where(
      after === null
        ? undefined
        : or(lt(media.createdAt, after.time), and(eq(media.createdAt, after.time), lt(media.id, after.key))),
    )
    .orderBy(desc(media.createdAt), desc(media.id))
    .limit(limit)
}
/** The uploads of these media to WeChat. */
export function uploadsOfMedia(db: Db, ids: readonly string[]): Promise<MediumUpload[]> {
  if (ids.length === 0) return Promise.resolve([])
  const { appId, mediaId, type, uploadedAt } = mediaUploads
  return db
    .select({ appId, mediaId, type, uploadedAt })
    .from(mediaUploads)
    .where(inArray(mediaId, [...ids]))
}

/** What some media are called. */
export function namesOfMedia(
  db: Db,
  ids: readonly string[],
): Promise<Pick<MediumInfo, 'id' | 'filename' | 'type'>[]> {
  if (ids.length === 0) return Promise.resolve([])
  const { id, filename, type } = media
  return db
    .select({ id, filename, type })
    .from(media)
    .where(inArray(id, [...ids]))
}
