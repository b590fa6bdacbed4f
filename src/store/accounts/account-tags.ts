import { eq } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { accountTags } from '../schema.ts'

/** Ids of an account's tags by name, as WeChat last reported them. */
export async function readAccountTags(db: Db, appId: string): Promise<Map<string, number>> {
  const rows = await db.select().from(accountTags).where(eq(accountTags.appId, appId))
  return new Map(rows.map((r) => [r.name, r.tagId]))
}

/** Replaces the stored tags of an account with those that WeChat has just reported. */
export async function saveAccountTags(
  db: Db,
  appId: string,
  tags: readonly { id: number; name: string }[],
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.delete(accountTags).where(eq(accountTags.appId, appId))
    for (const { id, name } of tags) await saveAccountTag(tx, appId, { id, name })
  })
}

/** Stores one tag that was just created. */
export async function saveAccountTag(
  db: Pick<Db, 'insert'>,
  appId: string,
  { id, name }: { id: number; name: string },
): Promise<void> {
  await db
    .insert(accountTags)
    .values({ appId, name, tagId: id })
    .onConflictDoUpdate({ target: [accountTags.appId, accountTags.name], set: { tagId: id } })
}
