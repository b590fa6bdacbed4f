import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Campaign } from '../../campaign/model.ts'
import { servesAccount } from '../../campaign/target-accounts.ts'
import { type DryRunResult, dryRun } from '../../dry-run/dry-run.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { RECORDED_MS } from '../../store/inbox/recorded-events.ts'
import { ApiError, type ApiIssue, notFound, refused } from '../api-error.ts'
import {
  type ApiDeps,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
} from '../routes/route-helpers.ts'
import { dryRunAnswer, dryRunBody } from '../schemas/dry-run-schemas.ts'
import { checkSource, resolveSource } from './campaign-files.ts'

type Body = ReturnType<typeof dryRunBody.parse>

/** The longest period, ms. Events are not recorded for longer. */
const LONGEST_MS = 7 * DAY_MS
const DEFAULT_FOLLOWERS = 2_000

/** `POST /campaigns/dry-run` */
export function addDryRunRoute(router: OpenAPIHono, deps: ApiDeps): void {
  let isBusy = false
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/dry-run',
      summary: 'Play recorded events against a campaign version',
      description:
        'What the version would have done with the events of an account in a period of the last seven days, beside what really happened. Counts only: no follower is named. Nothing is sent and nothing is stored. One at a time in each process; 429 while one works. It ends when the client closes the connection.',
      security,
      request: jsonBody(dryRunBody),
      responses: {
        200: jsonResponse(dryRunAnswer, 'What would have happened, and what did.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const body = c.req.valid('json')
      const period = periodOf(body, deps.now())
      const account = await deps.accounts.find(body.account)
      if (!account) throw notFound(`account ${body.account}`)
      const { campaign, version } = await campaignOf(deps, body)
      if (!servesAccount(campaign, account.appId))
        throw refused('The campaign does not serve this account.', [
          { path: 'account', message: `campaign ${campaign.id} has no account ${account.appId} in accounts` },
        ])
      if (isBusy) throw busy()
      isBusy = true
      try {
        const maxFollowers = body.limit ?? DEFAULT_FOLLOWERS
        const { signal } = c.req.raw
        const request = { account, campaign, version, ...period, maxFollowers }
        const result = await dryRun({ ...deps, signal }, request).catch((err: unknown) => {
          throw signal.aborted ? clientGone() : err
        })
        const { until, ...counts } = result
        return c.json(
          {
            account: account.appId,
            campaign: campaign.id,
            version: version === 0 ? null : version,
            from: new Date(period.from).toISOString(),
            to: new Date(period.to).toISOString(),
            playedUntil: new Date(until).toISOString(),
            keepTexts: account.keepTexts,
            ...counts,
            notes: notesOf(result),
          },
          200,
        )
      } finally {
        isBusy = false
      }
    },
  )
}

/** @throws ApiError 422 for a period that cannot be played */
function periodOf({ from, to }: Pick<Body, 'from' | 'to'>, now: number): { from: number; to: number } {
  const period = { from: Date.parse(from), to: to === undefined ? now : Date.parse(to) }
  const issue = (path: string, message: string): ApiIssue[] => [{ path, message }]
  const issues = [
    ...(period.to <= period.from ? issue('to', 'must be later than from') : []),
    ...(period.to - period.from > LONGEST_MS ? issue('to', 'must be at most 7 days after from') : []),
    ...(period.from < now - RECORDED_MS
      ? issue('from', 'must be within the last 7 days: older events are deleted')
      : []),
    ...(period.from > now + LONGEST_MS ? issue('from', 'is in the future') : []),
  ]
  if (issues.length > 0) throw refused('The period cannot be played.', issues)
  return period
}

/** The campaign that the request gives: a stored version, or a file. @throws ApiError 404, 422 */
async function campaignOf(
  deps: ApiDeps,
  { campaign: given, version }: Body,
): Promise<{ campaign: Campaign; version: number }> {
  const isId = typeof given === 'string' && /^[a-z0-9-]{1,64}$/.test(given)
  if (version !== undefined) {
    if (!isId)
      throw refused('The request is contradictory.', [
        { path: 'version', message: 'needs the id of a campaign, not a file' },
      ])
    const stored = await deps.campaigns.version(given, version)
    if (!stored) throw notFound(`version ${version} of campaign ${given}`)
    return { campaign: stored.model, version }
  }
  const source = await resolveSource(deps, given)
  if (isId) {
    const newest = (await deps.campaigns.find(given))?.version
    if (newest) return { campaign: newest.model, version: newest.version }
  }
  const { campaign, issues } = await checkSource(deps, source, {})
  if (!campaign) throw refused('The campaign cannot be played.', issues)
  return { campaign, version: 0 }
}

/** What a reader of the counts must know. */
function notesOf({ events, texts, truncated }: DryRunResult): string[] {
  return [
    ...(events === 0 ? ['The account has no recorded events in this period.'] : []),
    ...(texts.notKept > 0
      ? [
          `${texts.notKept} texts were not kept: each counts as a text that fits no keyword. keepTexts of the account keeps them.`,
        ]
      : []),
    ...(truncated === null ? [] : [TRUNCATED[truncated]]),
  ]
}

const TRUNCATED: Record<NonNullable<DryRunResult['truncated']>, string> = {
  followers: 'There are more followers than limit: only the first, by their ids, were played.',
  events:
    'There are too many events: only the first followers, by their ids, were played. Choose a shorter period.',
  time: 'It took too long: only the first followers, by their ids, were played. Choose a shorter period.',
}

/** Nobody reads it. */
function clientGone(): ApiError {
  return new ApiError(408, 'stopped', 'The client has closed the connection, so the dry run was stopped.')
}

function busy(): ApiError {
  const message = 'Another dry run works in this process. Repeat in some seconds.'
  return new ApiError(429, 'too-many', message, undefined, { 'retry-after': '5' })
}
