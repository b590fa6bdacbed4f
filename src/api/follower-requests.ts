import type { SkewMonitor } from '../callback/skew-monitor.ts'
import { reentryOf } from '../campaign/compile.ts'
import { planOfVersion } from '../campaign/compiled-plan.ts'
import type { Campaign } from '../campaign/model.ts'
import { servesAccount } from '../campaign/target-accounts.ts'
import { type DispatchContext, type KnownRun, NO_OPT_OUT_WORDS } from '../dispatch/dispatch-context.ts'
import { planDispatch } from '../dispatch/plan-dispatch.ts'
import { type Facts, MAX_FACTS, mergeFacts } from '../shared/facts.ts'
import { type FollowerKey, isAppId } from '../shared/ids.ts'
import type { AccountStore } from '../store/accounts/account-store.ts'
import type { CampaignStore } from '../store/campaigns/campaign-store.ts'
import type { Db } from '../store/db.ts'
import { acceptRequest, findRequest, type NewRequest, newRequestRow } from '../store/inbox/accept-request.ts'
import { type InboxRow, UNDISPATCHED_COLUMNS } from '../store/inbox/inbox-rows.ts'
import { followerId, type KnownFollower, readKnownFollowers } from '../store/inbox/known-followers.ts'
import { newFollowerRow } from '../store/runs/follower-rows.ts'
import { ApiError, notFound, refused } from './api-error.ts'

/** The stores within a transaction. The embedded store has one connection, so nothing may be read outside of it meanwhile. */
export interface RequestStores {
  tx: Db
  accounts: Pick<AccountStore, 'find'>
  campaigns: Pick<CampaignStore, 'find'>
}

/** What requests about followers need from the services. */
export interface FollowerRequestDeps {
  skewMonitor: Pick<SkewMonitor, 'aheadMs'>
  now: () => number
}

/** `duplicate`: the same request was accepted before. */
export type RequestResult = 'accepted' | 'duplicate'

/** A request of an API client or a hook. */
interface FollowerRequest {
  follower: FollowerKey
  facts: Facts
  /** The same for each delivery of one request; null: the caller gave none. Include the caller and the follower. */
  key: string | null
}

/**
 * Stores a request to set facts of a follower.
 * @throws ApiError 404 for an unknown account or follower, 422 for too many facts or a key of another request
 */
export async function requestFacts(
  deps: Pick<FollowerRequestDeps, 'now'>,
  stores: RequestStores,
  { follower, facts, key }: FollowerRequest,
): Promise<RequestResult> {
  const { known } = await requireFollower(stores, follower)
  requireRoomForFacts(known, facts)
  return store(deps, stores.tx, { follower, request: { type: 'fact', facts }, key })
}

/**
 * Stores a request to start a campaign for a follower, with facts. The dispatcher checks again: the follower may meanwhile have
 * started another run.
 * @throws ApiError 404 for an unknown account, follower or campaign; 409 `opted-out`, `unfollowed`, `busy`, `reentry` or
 *   `campaign-paused`; 422 as for facts, and if the campaign does not serve the account
 */
export async function requestEnter(
  deps: FollowerRequestDeps,
  stores: RequestStores,
  { follower, facts, key, campaign: id }: FollowerRequest & { campaign: string },
): Promise<RequestResult> {
  const { tx } = stores
  const { known, apiBase } = await requireFollower(stores, follower)
  const { campaign, version } = await requireCampaign(stores, follower, id)
  const wanted: NewRequest = {
    follower,
    request: { type: 'enter', facts },
    start: { campaign: id, version, event: 'api' },
    key,
    aheadMs: deps.skewMonitor.aheadMs(apiBase),
  }
  // A repeated request must not be refused because of the run that it has started.
  if ((await findRequest(tx, wanted)) === null) {
    requireRoomForFacts(known, facts)
    const refusal = await predictRefusal(deps, tx, { known, wanted, campaign, version })
    if (refusal) throw refusal
  }
  return store(deps, tx, wanted)
}

interface TagReport {
  account: { appId: string; apiBase: string | null }
  openId: string
  tags: readonly string[]
  start: NonNullable<NewRequest['start']> | null
}

/**
 * Stores tags that this product gave a follower, as an event.
 * @param db a transaction
 * @param tagging.start the campaign that begins by these tags; null: none
 */
export async function reportTags(
  deps: FollowerRequestDeps,
  db: Db,
  { account, openId, tags, start }: TagReport,
): Promise<void> {
  const { appId, apiBase } = account
  const wanted: NewRequest = {
    follower: { appId, openId },
    request: { type: 'tag', tags },
    start,
    key: null,
    aheadMs: deps.skewMonitor.aheadMs(apiBase),
  }
  await acceptRequest(db, wanted, deps.now())
}

async function store(
  { now }: Pick<FollowerRequestDeps, 'now'>,
  db: Db,
  wanted: NewRequest,
): Promise<RequestResult> {
  const result = await acceptRequest(db, wanted, now())
  if (result !== 'mismatch') return result
  const message = 'was used for another request within the last seven days: use a new key for a new request'
  throw refused('This key belongs to another request.', [{ path: 'idempotency-key', message }])
}

/** @throws ApiError 404 for an unknown account, and for a follower without any stored event */
async function requireFollower(
  { tx, accounts }: RequestStores,
  follower: FollowerKey,
): Promise<{ known: KnownFollower; apiBase: string | null }> {
  const account = isAppId(follower.appId) ? await accounts.find(follower.appId) : null
  if (!account) throw notFound(`account ${follower.appId}`)
  const known = (await readKnownFollowers(tx, [follower])).get(followerId(follower))
  if (!known || (!known.follower && known.pending.length === 0)) throw notFound('such follower')
  return { known, apiBase: account.apiBase }
}

/** @throws ApiError 404, 409 while it is paused, 422 when it does not serve the account or cannot be used */
async function requireCampaign(
  { campaigns }: RequestStores,
  { appId }: FollowerKey,
  id: string,
): Promise<{ campaign: Campaign; version: number }> {
  const found = await campaigns.find(id)
  if (!found) throw notFound(`campaign ${id}`)
  if (found.row.state === 'paused')
    throw new ApiError(409, 'campaign-paused', `Campaign ${id} is paused: nobody enters it.`)
  if (found.row.state === 'retired')
    throw new ApiError(409, 'campaign-retired', `Campaign ${id} is retired: nobody enters it.`)
  const issue = (message: string) => refused('The follower cannot enter.', [{ path: 'campaign', message }])
  if (!found.version) throw issue(`campaign ${id} cannot be used: ${found.broken ?? 'publish it again'}`)
  const { model } = found.version
  if (!servesAccount(model, appId)) throw issue(`campaign ${id} does not serve ${appId}`)
  return { campaign: model, version: found.version.version }
}

function requireRoomForFacts({ follower }: KnownFollower, facts: Facts): void {
  if (mergeFacts(follower?.own ?? {}, facts)) return
  const message = `a follower has at most ${MAX_FACTS} facts`
  throw refused('The follower has too many facts.', [{ path: 'facts', message }])
}

/** What the dispatcher would refuse now, by its own rules. */
async function predictRefusal(
  { now }: Pick<FollowerRequestDeps, 'now'>,
  db: Db,
  {
    known,
    wanted,
    campaign,
    version,
  }: { known: KnownFollower; wanted: NewRequest; campaign: Campaign; version: number },
): Promise<ApiError | null> {
  if (known.pending.some((event) => event.event?.start)) return enterConflict('busy')
  const runs: KnownRun[] = known.runs.map(({ exitKeywords: _, priority, ...run }) => ({
    ...run,
    plan: { exitKeywords: [], ...(priority == null ? {} : { priority }) },
    state: UNREAD_STATE,
  }))
  const { entries } = known
  const context = { runs, entries, rules: 'wechat-2023' as const, words: NO_OPT_OUT_WORDS }
  let { follower } = known
  for (const row of known.pending) {
    const { patch } = planDispatch({ ...context, row, follower, matched: null })
    follower = { ...(follower ?? newFollowerRow(wanted.follower)), ...patch }
  }
  // All stored events have a smaller id.
  const keys = { id: Number.MAX_SAFE_INTEGER, dedupeKey: '', reply: null }
  const row: InboxRow = { ...UNDISPATCHED_COLUMNS, ...(await newRequestRow(db, wanted, now())), ...keys }
  const matched: DispatchContext['matched'] = {
    plan: planOfVersion(campaign, version),
    reentry: reentryOf(campaign),
  }
  const { action } = planDispatch({ ...context, row, follower, matched })
  return action.do === 'nothing' ? enterConflict(action.result) : null
}

/** The rules for an entry do not read the state of a run. */
const UNREAD_STATE: KnownRun['state'] = { seenEventKeys: [], revision: 0, ledger: [] }

const CONFLICTS: Readonly<Record<string, string>> = {
  busy: 'The follower has an active run, or another one is about to start.',
  unfollowed: 'The follower has unfollowed. WeChat delivers no message.',
  'opted-out': 'The follower has opted out. Nothing starts before the next follow.',
  reentry: 'The reentry of the campaign does not let this follower enter again now.',
}

function enterConflict(result: string): ApiError {
  return new ApiError(409, result, CONFLICTS[result] ?? `The follower cannot enter (${result}).`)
}
