import { createHash } from 'node:crypto'
import { inArray } from 'drizzle-orm'
import type { MediaKind } from '../../wechat/rules/media-limits.ts'
import type { Db } from '../db.ts'
import { media } from '../schema.ts'

/** Stores an upload under the hash of its content. The same content is stored once. */
export async function saveMedium(
  db: Db,
  medium: { type: MediaKind; contentType: string; filename: string; content: Buffer; createdAt: number },
): Promise<{ id: string; type: MediaKind; bytes: number }> {
  const { type, content } = medium
  const id = `sha256-${createHash('sha256').update(content).digest('hex')}`
  const row = { ...medium, id, bytes: content.length, content: content.toString('base64') }
  await db.insert(media).values(row).onConflictDoUpdate({ target: media.id, set: { type } })
  return { id, type, bytes: content.length }
}

/** The ids among `ids` that are stored. */
export async function existingMedia(db: Db, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .select({ id: media.id })
    .from(media)
    .where(inArray(media.id, [...ids]))
  return new Set(rows.map((r) => r.id))
}
