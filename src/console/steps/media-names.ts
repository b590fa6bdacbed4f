import { namesOfMedia } from '../../store/campaigns/media-library.ts'
import type { Db } from '../../store/db.ts'
import type { MediaNames } from '../editor-data.ts'
import { NO_MEDIA } from './step-words.ts'

/** Uploads that one page names. */
const MAX_NAMES = 200

/** Of versions, which do not change. */
const known = new WeakMap<object, readonly string[]>()

/**
 * The uploads that some campaigns send, by their ids: one look-up for a page.
 * @param campaigns versions, fields of files, or their texts, with errors or without
 */
export async function readMediaNames(
  db: Db,
  campaigns: readonly (object | string | null | undefined)[],
): Promise<MediaNames> {
  const ids = [...new Set(campaigns.flatMap((campaign) => idsIn(campaign ?? '')))].slice(0, MAX_NAMES)
  if (ids.length === 0) return NO_MEDIA
  const found = await namesOfMedia(db, ids)
  return Object.fromEntries(found.map(({ id, ...names }) => [id, names]))
}

function idsIn(campaign: object | string): readonly string[] {
  if (typeof campaign === 'string') return campaign.match(/\bsha256-[0-9a-f]{64}\b/g) ?? []
  const ids = known.get(campaign) ?? idsIn(JSON.stringify(campaign))
  known.set(campaign, ids)
  return ids
}
