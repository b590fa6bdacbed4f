import { and, desc, eq, lt, sql } from 'drizzle-orm'
import type { Campaign } from '../../campaign/model.ts'
import { validateStored } from '../../campaign/validate-stored.ts'
import type { Db } from '../db.ts'
import { campaignVersions } from '../schema.ts'
import { contentHash } from './content-hash.ts'

export type CampaignVersion = typeof campaignVersions.$inferSelect

/** A version, if it is usable. */
export interface LoadedVersion {
  /** Null when it is unusable; `broken` has the reason. */
  version: CampaignVersion | null
  broken: string | null
  /** Empty when the version is missing. */
  source: string
}

/** A version in a list. */
export interface VersionItem {
  version: number
  publishedAt: number
  /** null: 0.3 or the demo published it. */
  publishedBy: string | null
  /** The older version that was published again. */
  restoredFrom: number | null
  contentHash: string
  /** What its publisher says about it; null: nothing. */
  note: string | null
}

const MAX_CACHED_VERSIONS = 500

/** Reads versions of campaigns and caches them, since a version never changes. */
export class CampaignVersions {
  readonly #db: Db
  readonly #cache = new Map<string, CampaignVersion>()

  constructor(db: Db) {
    this.#db = db
  }

  /** A usable version, or why it is unusable. */
  async load(id: string, number: number): Promise<LoadedVersion> {
    const key = `${id}@${number}`
    const known = this.#cache.get(key)
    if (known) return { version: known, broken: null, source: known.source }
    const [found] = await this.#db
      .select()
      .from(campaignVersions)
      .where(and(eq(campaignVersions.id, id), eq(campaignVersions.version, number)))
    if (!found) return { version: null, broken: `version ${number} is not in the store`, source: '' }
    const broken = validateStored(found.model)
    if (broken) return { version: null, broken, source: found.source }
    if (this.#cache.size >= MAX_CACHED_VERSIONS) this.#cache.clear()
    this.#cache.set(key, found)
    return { version: found, broken: null, source: found.source }
  }

  /** A campaign's versions, newest first. */
  async list(
    id: string,
    { before, limit = 1_000 }: { before?: number | undefined; limit?: number } = {},
  ): Promise<VersionItem[]> {
    const { version, publishedAt, publishedBy, restoredFrom, contentHash: hash, note } = campaignVersions
    // Versions of 0.3 have no hash yet.
    const model = sql<Campaign | null>`CASE WHEN ${hash} IS NULL THEN ${campaignVersions.model} END`
    const rows = await this.#db
      .select({ version, publishedAt, publishedBy, restoredFrom, hash, model, note })
      .from(campaignVersions)
      .where(and(eq(campaignVersions.id, id), before === undefined ? undefined : lt(version, before)))
      .orderBy(desc(campaignVersions.version))
      .limit(limit)
    return rows.map(({ hash, model, ...row }) => ({
      ...row,
      contentHash: hash ?? (model ? contentHash(model) : ''),
    }))
  }

  /** One version as it is stored, whether or not it is usable. Its text may have changed since the version was cached. */
  async find(id: string, number: number): Promise<CampaignVersion | null> {
    const isVersion = and(eq(campaignVersions.id, id), eq(campaignVersions.version, number))
    const [found] = await this.#db.select().from(campaignVersions).where(isVersion)
    return found ?? null
  }

  /** The text of a version. Null when it is missing. */
  async text(id: string, number: number): Promise<string | null> {
    const { source, version } = campaignVersions
    const isVersion = and(eq(campaignVersions.id, id), eq(version, number))
    const [found] = await this.#db.select({ source }).from(campaignVersions).where(isVersion)
    return found?.source ?? null
  }
}
