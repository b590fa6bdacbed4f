import type { Context } from 'hono'
import { checkCampaign, FILE_MAX_CHARS } from '../../campaign/check.ts'
import type { CheckContext } from '../../campaign/check-context.ts'
import { bodyWarnings } from '../../campaign/compile.ts'
import type { Issue } from '../../campaign/issue.ts'
import { MAX_ACCOUNTS } from '../../store/accounts/account.ts'
import type { CampaignVersion, StoredCampaign } from '../../store/campaigns/campaign-store.ts'
import { existingMedia } from '../../store/campaigns/media-store.ts'
import { PublishConflict } from '../../store/campaigns/publish-campaign.ts'
import { ApiError, conflict, notFound, refused } from '../api-error.ts'
import { type ApiDeps, auditedChange, type TransactionStores } from '../routes/route-helpers.ts'
import { accountWarnings, listTargetAccounts } from '../views/campaign-account-view.ts'
import { etag, versionConflict } from './expectations.ts'

/** @throws ApiError 404 when there is no such campaign, or it is deleted */
export async function findCampaign(deps: Pick<ApiDeps, 'campaigns'>, id: string): Promise<StoredCampaign> {
  const found = await deps.campaigns.find(id)
  if (!found) throw notFound(`campaign ${id}`)
  return found
}

/** A campaign whose newest version can be used. @throws ApiError 404, and 409 when it cannot */
export async function usableCampaign(
  deps: Pick<ApiDeps, 'campaigns'>,
  id: string,
): Promise<StoredCampaign & { version: CampaignVersion }> {
  const found = await findCampaign(deps, id)
  const { version, broken } = found
  if (!version) throw conflict(`Campaign ${id} cannot be used (${broken}). Publish its file again.`)
  return { ...found, version }
}

/** Checks a file against the registered accounts, the uploaded media and the live campaigns, `others` among the findings. */
export async function checkSource(
  deps: Pick<ApiDeps, 'db' | 'accounts' | 'campaigns' | 'hasLinks'>,
  source: string,
  context: CheckContext,
) {
  // The check refuses such a file, so its media are not looked up.
  if (source.length > FILE_MAX_CHARS) return { ...checkCampaign(source, context), others: [] }
  const ids = [...source.matchAll(/sha256[-:]?[0-9a-f]{64}/g)].map((m) => m[0])
  const [knownIds, { live }] = await Promise.all([existingMedia(deps.db, ids), deps.campaigns.live()])
  const others = live.map(({ campaign }) => campaign)
  const found = checkCampaign(source, {
    ...context,
    // From the store: other processes change the state of an account.
    accounts: await deps.accounts.list({ limit: MAX_ACCOUNTS }),
    hasMedia: (id) => knownIds.has(id),
    others,
    hasLinks: deps.hasLinks,
  })
  return { ...found, others }
}

/** The text of a campaign that a request gives: an id of a published one, a file as text, or a file as an object. */
export async function resolveSource(
  deps: Pick<ApiDeps, 'campaigns'>,
  given: string | Record<string, unknown>,
): Promise<string> {
  if (typeof given !== 'string') return JSON.stringify(given)
  return /^[a-z0-9-]{1,64}$/.test(given) ? (await findCampaign(deps, given)).source : given
}

/** A file to publish. */
export interface PublishRequest {
  source: string
  /** The file must have this id. */
  pathId: string
  runningBodies?: boolean
  /** Refuse when another version is the newest; 0: when there is one. */
  expectedVersion?: number | undefined
  restoredFrom?: number
  /** What the publisher says about the version. */
  note?: string | undefined
  /** The action in the audit log. */
  action?: string
  /** A further change in the transaction of the publication. */
  also?: (stores: TransactionStores) => Promise<void>
}

export interface PublishedAnswer {
  id: string
  version: number
  warnings: Issue[]
  isNew: boolean
  /** The content was published already. */
  unchanged: boolean
}

/**
 * Checks a file and publishes it: it is live in this process when the call returns.
 * @throws ApiError 422 with every error; 409 when another version is the newest, or the campaign is retired
 */
export async function publishSource(
  deps: ApiDeps,
  c: Context,
  { source, pathId, runningBodies = false, ...more }: PublishRequest,
): Promise<PublishedAnswer> {
  const { campaign, issues, warnings } = await checkSource(deps, source, { pathId })
  if (!campaign) throw refused('The campaign cannot be published.', issues)
  const before = runningBodies ? await newestVersion(deps, campaign.id) : null
  const { restoredFrom, expectedVersion, action = 'campaign.publish' } = more
  const note = more.note || undefined
  const { version, isNew, isUnchanged } = await auditedChange(deps, c, async (stores) => {
    const publishedBy: string = c.get('principal').actor
    const options = { runningBodies, publishedBy, restoredFrom, expectedVersion, note }
    const result = await stores.campaigns.publish(source, campaign, warnings, options)
    await more.also?.(stores)
    const details = {
      version: result.version,
      ...(runningBodies ? { bodies: 'running' } : {}),
      ...(restoredFrom === undefined ? {} : { restoredFrom }),
      ...(note === undefined ? {} : { note }),
    }
    return { action, target: campaign.id, details, result }
  }).catch(async (err: unknown) => {
    throw err instanceof PublishConflict
      ? await publishConflict(deps, campaign.id, err, expectedVersion)
      : err
  })
  await deps.reloadConfig()
  // Not stored with the version, because the state of an account changes.
  const ineligible = accountWarnings(campaign, await listTargetAccounts(deps, campaign))
  const runningBodyWarnings = before ? bodyWarnings(before.model, campaign) : []
  return {
    id: campaign.id,
    version,
    warnings: [...warnings, ...runningBodyWarnings, ...ineligible],
    isNew,
    unchanged: isUnchanged,
  }
}

/** 201 for a new campaign, 200 for a new or unchanged version. */
export function answerPublished(c: Context, { isNew, ...answer }: PublishedAnswer) {
  c.header('etag', etag(answer.version))
  return c.json(answer, isNew ? 201 : 200)
}

/** 409 for a change that a retired campaign does not take. */
export function retiredError(id: string): ApiError {
  const advice = `Restore it first: POST /api/campaigns/${id}/restore (CLI: campaign restore).`
  return new ApiError(409, 'campaign-retired', `Campaign ${id} is retired. ${advice}`)
}

async function publishConflict(
  deps: Pick<ApiDeps, 'campaigns'>,
  id: string,
  { kind, current }: PublishConflict,
  expected: number | undefined,
): Promise<ApiError> {
  if (kind === 'retired') return retiredError(id)
  const newest = current > 0 ? await deps.campaigns.findVersion(id, current) : null
  return versionConflict(`campaign ${id}`, 'version', expected ?? 0, {
    number: current,
    at: newest?.publishedAt ?? null,
    by: newest?.publishedBy ?? null,
  })
}

/** The newest version of a campaign, even if it is deleted; null if there is none. */
async function newestVersion(deps: Pick<ApiDeps, 'campaigns'>, id: string): Promise<CampaignVersion | null> {
  const row = await deps.campaigns.row(id)
  return row ? deps.campaigns.version(id, row.version) : null
}
