import { eq } from 'drizzle-orm'
import { stepsOfRun, viewRun } from '../api/views/follower-view.ts'
import type { FollowerKey } from '../shared/ids.ts'
import { planOfRun } from '../store/campaigns/plan-of-run.ts'
import { readFollowerEvents } from '../store/inbox/follower-events.ts'
import { readFollower } from '../store/runs/follower-rows.ts'
import { readGoals } from '../store/runs/goals.ts'
import { type RunRow, runsByFollower } from '../store/runs/run-rows.ts'
import { deliveries } from '../store/schema.ts'
import type { Grant } from '../wechat/rules/ledger.ts'
import type { PageDeps } from './console-deps.ts'
import { conversationOf } from './conversation.ts'
import { payingGrant } from './follower-list.ts'
import { isFastForwarded, knownNow } from './known-now.ts'
import { readMediaNames } from './steps/media-names.ts'

/** Of an account that was removed meanwhile. */
const REMOVED_ACCOUNT = {
  timezone: 'Asia/Shanghai',
  variables: {},
  keepTexts: null,
  rules: 'wechat-2023' as const,
}
const EARLIER_RUNS = 5

export type OneFollower = NonNullable<Awaited<ReturnType<typeof readOneFollower>>>

/** Everything that the page of a follower shows; null: the follower has no run. */
export async function readOneFollower(deps: PageDeps, key: FollowerKey) {
  const { db, campaigns, accounts } = deps
  const [row, ...earlier] = await runsByFollower(db, key, EARLIER_RUNS + 1)
  if (!row) return null
  const [sent, follower, plan, goals, found, campaign, own, events] = await Promise.all([
    db.select().from(deliveries).where(eq(deliveries.runKey, row.runKey)),
    readFollower(db, key),
    row.state.forks?.length ? planOfRun(campaigns, row) : null,
    readGoals(db, [row.runKey]),
    accounts.find(key.appId),
    campaignOf(deps, row),
    campaigns.version(row.campaign, row.version),
    readFollowerEvents(db, key, row.entry.at),
  ])
  const run = viewRun(row, sent, follower, plan ?? {}, goals.get(row.runKey) ?? null)
  const clock = deps.now()
  const now = knownNow({ clock, enteredAt: row.entry.at, run, events })
  const account = found ?? { ...REMOVED_ACCOUNT, appId: key.appId, name: key.appId }
  const isOpen = run.status !== 'ended'
  const models = [campaign?.model ?? null, own?.model ?? null]
  const media = await readMediaNames(db, models)
  const conversation = conversationOf({
    run: row,
    steps: stepsOfRun(row, sent),
    ledger: isOpen ? ledgerOf(run.ledger) : [],
    events,
    campaign: campaign?.model ?? null,
    account,
    closesAt: Date.parse(run.window.closesAt),
    now,
    media,
  })
  return {
    run,
    account,
    /** With the texts of this run, and its own version for steps that a later one does not have. */
    models,
    media,
    campaignName: campaign?.model.name ?? row.campaign,
    entry: row.entry,
    warnings: row.state.warnings,
    conversation,
    grant: isOpen ? payingGrant(run.ledger, now) : null,
    agent: isOpen && (follower?.agent ?? row.state.agentSession?.open ?? false),
    keepsTexts: account.keepTexts !== null,
    attributes: follower?.attributes ?? null,
    facts: follower?.own ?? {},
    earlier,
    isUnfollowed: follower?.unfollowedAt != null && follower.unfollowedAt > row.entry.at,
    now,
    /** The follower's clock was moved forward in the simulation. */
    isAhead: isFastForwarded(now, clock),
  }
}

/** The campaign with the texts of this run. An open run may use those of a later version. */
async function campaignOf({ campaigns }: PageDeps, { campaign, version, status }: RunRow) {
  const row = status === 'ended' ? null : await campaigns.row(campaign)
  return campaigns.version(campaign, Math.max(version, row?.bodiesVersion ?? 0))
}

const ledgerOf = (ledger: ReturnType<typeof viewRun>['ledger']): Grant[] =>
  ledger.map((g) => ({
    ...g,
    grantedAt: Date.parse(g.grantedAt),
    expiresAt: Date.parse(g.expiresAt),
  }))
