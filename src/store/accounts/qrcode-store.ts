import { and, count, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { qrcodes, runs } from '../schema.ts'

export type QrcodeRow = typeof qrcodes.$inferSelect

/** Keeps a QR code that WeChat has made. */
export async function saveQrcode(db: Db, code: Omit<QrcodeRow, 'id'>): Promise<QrcodeRow> {
  const [row] = await db.insert(qrcodes).values(code).returning()
  if (!row) throw new Error('the QR code was not stored')
  return row
}

/** One page of the QR codes, newest first, of one account or of all. */
export function listQrcodes(
  db: Db,
  { appId, before, limit }: { appId?: string | undefined; before: number | null; limit: number },
): Promise<QrcodeRow[]> {
  return db
    .select()
    .from(qrcodes)
    .where(
      and(
        appId === undefined ? undefined : eq(qrcodes.appId, appId),
        before === null ? undefined : lt(qrcodes.id, before),
      ),
    )
    .orderBy(desc(qrcodes.id))
    .limit(limit)
}

export async function findQrcode(db: Db, id: number): Promise<QrcodeRow | null> {
  const [row] = await db.select().from(qrcodes).where(eq(qrcodes.id, id))
  return row ?? null
}

/** How many runs in the store began with each code, by `sceneKey`. */
export async function countEntries(
  db: Db,
  codes: readonly Pick<QrcodeRow, 'appId' | 'scene'>[],
): Promise<Map<string, number>> {
  if (codes.length === 0) return new Map()
  // As in the index, which only has the runs that began with a code.
  const scene = sql<string>`(${runs.entry} ->> 'qrScene')`
  const rows = await db
    .select({ appId: runs.appId, scene, n: count() })
    .from(runs)
    .where(
      and(
        inArray(runs.appId, [...new Set(codes.map((code) => code.appId))]),
        sql`(${runs.entry} ->> 'qrScene') IS NOT NULL`,
        inArray(scene, [...new Set(codes.map((code) => code.scene))]),
      ),
    )
    .groupBy(runs.appId, scene)
  return new Map(rows.map(({ n, ...row }) => [sceneKey(row), n]))
}

/** The key of a scene of an account. */
export const sceneKey = ({ appId, scene }: { appId: string; scene: string }): string => `${appId} ${scene}`
