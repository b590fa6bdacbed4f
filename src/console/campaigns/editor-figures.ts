import type { Context } from 'hono'
import type { Statistics } from '../../campaign/statistics/report.ts'
import { targetAccounts } from '../../campaign/target-accounts.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { readReplyTimes } from '../../store/statistics/reply-times.ts'
import { LONGEST_WINDOW_MS } from '../../wechat/rules/rules.ts'
import type { PageDeps } from '../console-deps.ts'
import type { EditorFigures } from '../editor-data.ts'
import { campaignPath } from '../paths.ts'
import { statisticsQuery } from '../results/results-query.ts'
import { LEAST_FOR_RATES, stepParts } from '../results/step-parts.ts'

const PERIOD_MS = 7 * DAY_MS

/** What the last seven days of a campaign show beside its draft. */
export async function readEditorFigures(c: Context, deps: PageDeps, id: string): Promise<EditorFigures> {
  const now = deps.now()
  const [replies, steps] = await Promise.all([readReplies(deps, id, now), readSteps(c, deps, id, now)])
  return { ...replies, ...steps }
}

async function readReplies(
  { db }: PageDeps,
  id: string,
  now: number,
): Promise<Pick<EditorFigures, 'replies' | 'young'>> {
  // Of younger runs it is not known yet who never replies.
  const period = { from: now - PERIOD_MS, to: now - LONGEST_WINDOW_MS }
  const { runs, soon, later } = await readReplyTimes(db, id, period)
  if (runs >= LEAST_FOR_RATES) return { replies: { runs, soon, later, never: runs - soon - later }, young: 0 }
  const young = await readReplyTimes(db, id, { from: period.to, to: now + 1 })
  return { replies: null, young: young.runs }
}

async function readSteps(
  c: Context,
  deps: PageDeps,
  id: string,
  now: number,
): Promise<Pick<EditorFigures, 'version' | 'steps'>> {
  const campaign = await deps.campaigns.find(id)
  if (!campaign) return { version: null, steps: {} }
  const { version } = campaign.row
  const accounts = targetAccounts(campaign.version?.model.accounts, deps.configCache.accounts())
  const query = statisticsQuery({ range: '7', version }, now, accounts)
  const { body, error } = await deps.api.call(c, 'GET', `/api${campaignPath(id)}/statistics?${query}`)
  if (error) return { version, steps: {} }
  const { runs, steps } = body as Statistics
  const counted = steps.map((step) => {
    const { sent, couldNot, byDesign } = stepParts(step, runs)
    const { repliedAfter, unfollowedAfter } = step
    return [step.step, { sent, couldNot, byDesign, repliedAfter, unfollowedAfter }] as const
  })
  return { version, steps: Object.fromEntries(counted) }
}
