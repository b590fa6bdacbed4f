import { and, asc, eq, gt, ne, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { campaignDrafts, campaigns } from '../schema.ts'

export type Draft = typeof campaignDrafts.$inferSelect

/** Somebody else has saved or deleted the draft meanwhile. */
export class DraftConflict extends Error {
  override name = 'DraftConflict'
  /** null: there is no draft. */
  readonly current: Draft | null
  constructor(current: Draft | null) {
    super(current ? `the draft has revision ${current.revision}` : 'there is no draft')
    this.current = current
  }
}

/** Which revision a change expects; 0: no draft; undefined: any. */
export type ExpectedRevision = number | undefined

/** Drafts of campaign files. They may have errors. */
export function createDraftStore(db: Db, now: () => number) {
  return {
    async find(id: string): Promise<Draft | null> {
      const [found] = await db.select().from(campaignDrafts).where(eq(campaignDrafts.id, id))
      return found ?? null
    },
    list: ({ after = '', limit }: { after?: string; limit: number }): Promise<Draft[]> =>
      db
        .select()
        .from(campaignDrafts)
        .where(gt(campaignDrafts.id, after))
        .orderBy(asc(campaignDrafts.id))
        .limit(limit),
    /** Saves a text as the draft. @throws DraftConflict */
    save: (id: string, text: { source: string; savedBy: string }, expected: ExpectedRevision) =>
      db.transaction(async (tx): Promise<Draft> => {
        const saved = { ...text, savedAt: now() }
        if (!(await requireRevision(tx, id, expected))) {
          const first = { id, ...saved, revision: 1, baseVersion: await publishedVersion(tx, id) }
          const [inserted] = await tx.insert(campaignDrafts).values(first).onConflictDoNothing().returning()
          if (inserted) return inserted
          // Another one was saved at the same moment.
          await requireRevision(tx, id, expected)
        }
        const [updated] = await tx
          .update(campaignDrafts)
          .set({ ...saved, revision: sql`${campaignDrafts.revision} + 1` })
          .where(eq(campaignDrafts.id, id))
          .returning()
        if (!updated) throw new DraftConflict(null)
        return updated
      }),
    /** False when there is no draft. @throws DraftConflict */
    remove: (id: string, expected: ExpectedRevision) =>
      db.transaction(async (tx): Promise<boolean> => {
        if (!(await requireRevision(tx, id, expected))) return false
        await tx.delete(campaignDrafts).where(eq(campaignDrafts.id, id))
        return true
      }),
  }
}

export type DraftStore = ReturnType<typeof createDraftStore>

async function requireRevision(tx: Db, id: string, expected: ExpectedRevision): Promise<Draft | null> {
  const [found] = await tx.select().from(campaignDrafts).where(eq(campaignDrafts.id, id)).for('update')
  if (expected !== undefined && expected !== (found?.revision ?? 0)) throw new DraftConflict(found ?? null)
  return found ?? null
}

async function publishedVersion(tx: Db, id: string): Promise<number | null> {
  const isPublished = and(eq(campaigns.id, id), ne(campaigns.state, 'deleted'))
  const [found] = await tx.select({ version: campaigns.version }).from(campaigns).where(isPublished)
  return found?.version ?? null
}
