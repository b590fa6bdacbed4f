import { mediaOfCampaign } from '../../campaign/media-use.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import type { CampaignStore } from '../../store/campaigns/campaign-store.ts'
import { listMedia, type MediumInfo, uploadsOfMedia } from '../../store/campaigns/media-library.ts'
import type { Db } from '../../store/db.ts'
import { cursor, toPage } from '../routes/route-helpers.ts'

/** How long WeChat keeps a temporary medium. Source: 新增临时素材. */
const KEPT_BY_WECHAT_MS = 3 * DAY_MS

interface MediaDeps {
  db: Db
  campaigns: Pick<CampaignStore, 'list'>
}

/** One page of the stored media, newest first, with their copies at WeChat and the campaigns that send them. */
export async function mediaPage(deps: MediaDeps, from: string | undefined, limit: number) {
  const found = await listMedia(deps.db, { after: cursor.readTimed(from), limit: limit + 1 })
  const { items, next } = toPage(found, limit, (medium) => `${medium.createdAt} ${medium.id}`)
  const uploads = await uploadsOfMedia(
    deps.db,
    items.map(({ id }) => id),
  )
  const users = items.length === 0 ? new Map<string, string[]>() : await campaignsByMedium(deps)
  return { items: items.map((medium) => mediumView(medium, uploads, users)), next }
}

export type MediumView = Awaited<ReturnType<typeof mediaPage>>['items'][number]

function mediumView(
  { createdAt, ...medium }: MediumInfo,
  uploads: Awaited<ReturnType<typeof uploadsOfMedia>>,
  users: ReadonlyMap<string, string[]>,
) {
  return {
    ...medium,
    createdAt: new Date(createdAt).toISOString(),
    campaigns: users.get(medium.id) ?? [],
    uploads: uploads
      .filter(({ mediaId }) => mediaId === medium.id)
      .map(({ appId, type, uploadedAt }) => ({
        appId,
        type,
        expiresAt: new Date(uploadedAt + KEPT_BY_WECHAT_MS).toISOString(),
      })),
  }
}

/** The ids of the campaigns that send each medium in their present version. */
async function campaignsByMedium({ campaigns }: MediaDeps): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>()
  for (const { version } of await campaigns.list()) {
    if (!version) continue
    const { model } = version
    for (const medium of mediaOfCampaign(model)) users.set(medium, [...(users.get(medium) ?? []), model.id])
  }
  return users
}
