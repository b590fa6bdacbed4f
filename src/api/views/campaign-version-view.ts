import type { VersionItem } from '../../store/campaigns/campaign-versions.ts'
import type { Draft } from '../../store/campaigns/draft-store.ts'

/** A version of a campaign for API and console. */
export function versionView({
  version,
  publishedAt,
  publishedBy,
  restoredFrom,
  contentHash,
  note,
}: VersionItem) {
  return {
    version,
    publishedAt: new Date(publishedAt).toISOString(),
    publishedBy,
    restoredFrom,
    contentHash,
    note,
  }
}

/** A draft without its text. */
export function draftView({ id, revision, baseVersion, savedAt, savedBy }: Draft) {
  return { id, revision, baseVersion, savedAt: new Date(savedAt).toISOString(), savedBy }
}
