import { applyTagChanges } from '../../run/attributes.ts'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { readFollower, saveFollower } from './follower-rows.ts'

/** Applies changes of tags to the stored attributes of a follower, so that later conditions need no call to WeChat. */
export async function saveTagChanges(
  db: Db,
  follower: FollowerKey,
  change: { tag: readonly string[]; untag: readonly string[] },
  now: number,
): Promise<void> {
  const row = await readFollower(db, follower)
  if (!row?.attributes) return
  const attributes = { ...row.attributes, tags: applyTagChanges(row.attributes.tags, change) }
  await saveFollower(db, follower, { attributes }, now)
}
