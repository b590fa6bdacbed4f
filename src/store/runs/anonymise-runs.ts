import { and, eq, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { links, runs } from '../schema.ts'
import { execute } from '../sql.ts'
import type { PagePurge, TablePage } from '../table-page.ts'
import { keepEntries } from './entries.ts'
import type { RunRow } from './run-rows.ts'

/** The start of an anonymous open id or run key. */
export const ANONYMOUS_PREFIX = 'anonymous-'

/** The order in which ended runs are anonymised. */
export type EndedRunKey = Pick<RunRow, 'runKey'> & { endedAt: number }

/**
 * Removes the personal data of a page of the runs that ended before `before`, epoch ms, and deletes their short links. Their
 * followers' entries are kept for `reentry`, without an openId.
 */
export async function anonymiseRuns(
  db: Db,
  { before, after, limit }: TablePage<EndedRunKey> & { before: number },
): Promise<PagePurge<EndedRunKey>> {
  const isOld = and(eq(runs.status, 'ended'), lt(runs.endedAt, before))
  const isAfter =
    after && sql`(${runs.endedAt}, ${runs.runKey}) > (${after.endedAt}::bigint, ${after.runKey})`
  const page = await db
    .select({ runKey: runs.runKey, openId: runs.openId, endedAt: runs.endedAt })
    .from(runs)
    .where(and(isOld, isAfter ?? undefined))
    .orderBy(runs.endedAt, runs.runKey)
    .limit(limit)
  const named = page.filter(({ openId }) => !openId.startsWith(ANONYMOUS_PREFIX)).map(({ runKey }) => runKey)
  if (named.length > 0) {
    // First: after an interruption between the two statements, the runs are found again.
    await db.delete(links).where(inArray(links.runKey, named))
    const { entry, state } = withoutPersonalData(sql`to_jsonb(${runs.runKey})`)
    await execute(
      db,
      sql`WITH named AS (SELECT * FROM ${runs} WHERE ${and(isOld, inArray(runs.runKey, named))} FOR UPDATE),
        kept AS (${keepEntries(sql`named`)})
        UPDATE ${runs} SET open_id = ${ANONYMOUS_PREFIX} || left(${runs.runKey}, 12), entry = ${entry}, state = ${state}
        FROM named WHERE ${runs.runKey} = named.run_key`,
    )
  }
  const last = page.length < limit ? undefined : page.at(-1)
  return {
    changed: named.length,
    next: last ? { runKey: last.runKey, endedAt: last.endedAt ?? before } : null,
  }
}

/** Fields of a run's state: attributes, facts and texts of the follower. */
const PERSONAL = '{attributes,own,answer,recentEvents}'

/** Statistics count replies. Of a run without one, null. */
const replyWithoutText = sql`CASE WHEN ${runs.state}->'reply'->'at' IS NULL THEN 'null'::jsonb
  ELSE jsonb_build_object('at', ${runs.state}->'reply'->'at', 'text', NULL) END`

/** The columns of a run without personal data. `key` (jsonb) replaces the key of the entry. */
export function withoutPersonalData(key: ReturnType<typeof sql>) {
  const entry = sql`${runs.entry} || jsonb_build_object('text', NULL, 'key', ${key})`
  const state = sql`jsonb_build_object('reply', ${replyWithoutText}, 'reason', NULL, 'seenEventKeys', '[]'::jsonb, 'warnings', '[]'::jsonb,
    'entry', ${runs.state}->'entry' || jsonb_build_object('text', NULL, 'key', ${key}))`
  return { entry, state: sql`(${runs.state} - ${PERSONAL}::text[]) || ${state}` }
}
