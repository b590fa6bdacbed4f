import { and, desc, eq } from 'drizzle-orm'
import { validateStored } from '../../campaign/validate-stored.ts'
import type { Db } from '../db.ts'
import { campaignVersions } from '../schema.ts'

export type CampaignVersion = typeof campaignVersions.$inferSelect

/** A version, if it is usable. */
export interface LoadedVersion {
  /** Null when it is unusable; `broken` has the reason. */
  version: CampaignVersion | null
  broken: string | null
  /** Empty when the version is missing. */
  source: string
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
  list(id: string): Promise<Pick<CampaignVersion, 'version' | 'publishedAt'>[]> {
    return this.#db
      .select({ version: campaignVersions.version, publishedAt: campaignVersions.publishedAt })
      .from(campaignVersions)
      .where(eq(campaignVersions.id, id))
      .orderBy(desc(campaignVersions.version))
  }
}
