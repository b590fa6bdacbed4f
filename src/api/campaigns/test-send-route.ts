import { createHash, randomUUID } from 'node:crypto'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { compileCampaign } from '../../campaign/compile.ts'
import { messageOfStep } from '../../campaign/items.ts'
import type { Campaign } from '../../campaign/model.ts'
import { isPartOf } from '../../campaign/part-id.ts'
import { playedEntry } from '../../campaign/play-ways.ts'
import type { TestSendOrder } from '../../campaign/test-send.ts'
import type { Entry } from '../../run/plan.ts'
import { beginRun } from '../../run/run-events.ts'
import { type FollowerKey, isAppId, maskId } from '../../shared/ids.ts'
import { MINUTE_MS } from '../../shared/time-units.ts'
import {
  beginTestSend,
  countTestMessage,
  findTestSend,
  finishTestSend,
  removeTestSend,
  testMessagesSince,
} from '../../store/campaigns/test-sends.ts'
import { type FollowerRow, readFollower } from '../../store/runs/follower-rows.ts'
import { runsByFollower } from '../../store/runs/run-rows.ts'
import { type Grant, type Ledger, mergeLedgers, selectGrant, useGrant } from '../../wechat/rules/ledger.ts'
import { ApiError, notFound, refused } from '../api-error.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  conflictResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
} from '../routes/route-helpers.ts'
import { testSendAnswer, testSendBody } from '../schemas/campaign-lifecycle-schemas.ts'
import { campaignParam } from '../schemas/campaign-schemas.ts'
import { idempotencyHeaders } from '../schemas/event-schemas.ts'
import { compared } from './version-routes.ts'

type Answer = ReturnType<typeof testSendAnswer.parse>
type Body = ReturnType<typeof testSendBody.parse>

/** A test takes seconds. After this time its process was lost. */
const LOST_AFTER_MS = 2 * MINUTE_MS
const WRITE_FIRST =
  'Ask the tester to send any message to the account, then repeat the test. 请测试者先给公众号发一条任意消息，再试发。'

/** `POST /campaigns/{id}/test-send` */
export function addTestSendRoute(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/{id}/test-send',
      summary: 'Send messages of a campaign to a tester now',
      description:
        "The tester is a follower of the account whom WeChat lets it write to now. The messages count in no run and no totals, but WeChat counts them against the follower's grant. Conditions, delays and quiet hours do not apply; links are not tracked.",
      security,
      request: { params: campaignParam, headers: idempotencyHeaders, ...jsonBody(testSendBody) },
      responses: {
        200: jsonResponse(testSendAnswer, 'What came of each message; it may be a refusal of WeChat.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const body = c.req.valid('json')
      const key = c.req.valid('header')['idempotency-key']
      const dedupeKey = sha256(JSON.stringify([key ?? randomUUID(), body.appId, body.openId]))
      const requestHash = sha256(JSON.stringify([id, body]))
      const known = key === undefined ? null : await repeated(deps, dedupeKey, requestHash)
      if (known) return c.json(known, 200)
      const planned = await planTest(deps, id, body)
      const row = { ...followerOf(body), dedupeKey, requestHash, campaign: id, requestedAt: deps.now() }
      const begun = await beginTestSend(deps.db, row)
      if (begun === null) {
        const other = await repeated(deps, dedupeKey, requestHash)
        if (!other) throw inProgress()
        return c.json(other, 200)
      }
      const target = `${body.appId}/${maskId(body.openId)}`
      const details = { campaign: id, version: planned.version, steps: planned.order.messages.length }
      const note = { action: 'campaign.test-send', target, details }
      let isAudited = false
      const answer = await auditedExternalChange(deps, c, note, async () => {
        isAudited = true
        const messages = await deps.testSend({
          ...planned.order,
          onSent: () => countTestMessage(deps.db, begun),
        })
        const { version, grant } = planned
        const result: Answer = { id, appId: body.appId, version, duplicate: false, grant, messages }
        await finishTestSend(deps.db, begun, result)
        return { result, details: { sent: messages.filter((m) => m.result === 'sent').length } }
      }).catch(async (err: unknown) => {
        // Nothing was sent: the key may be used again at once.
        if (!isAudited) await removeTestSend(deps.db, begun)
        throw err
      })
      return c.json(answer, 200)
    },
  )
}

/** The answer to an earlier request with this key; null when there is none. @throws ApiError 409, 422 */
async function repeated(deps: ApiDeps, dedupeKey: string, requestHash: string): Promise<Answer | null> {
  const known = await findTestSend(deps.db, dedupeKey)
  if (!known) return null
  if (known.requestHash !== requestHash) {
    const message = 'was used for another test within the last seven days: use a new key for a new test'
    throw refused('This key belongs to another test.', [{ path: 'idempotency-key', message }])
  }
  // This route wrote it.
  if (known.answer !== null) return { ...(known.answer as Answer), duplicate: true }
  if (deps.now() - known.requestedAt < LOST_AFTER_MS) throw inProgress()
  throw new ApiError(
    409,
    'unclear',
    'The process was lost during this test. Look at the phone, and repeat it with a new key if nothing came.',
  )
}

const inProgress = () =>
  new ApiError(409, 'in-progress', 'This test is being sent. Repeat the call for its result.')

/** What will be sent, and the grant that pays at WeChat. @throws ApiError 404, 409 and 422 with what to do */
async function planTest(
  deps: ApiDeps,
  id: string,
  { appId, openId, step, version, reply, facts }: Body,
): Promise<{
  version: number | 'draft'
  grant: Answer['grant']
  order: Omit<TestSendOrder, 'onSent'>
}> {
  const { of, model } = await compared(deps, id, version)
  const account = isAppId(appId) ? await deps.accounts.find(appId) : null
  if (!account) throw notFound(`account ${appId}`)
  const follower = await readFollower(deps.db, { appId, openId })
  if (!follower)
    throw new ApiError(
      404,
      'not-found',
      'The account knows no such follower. Ask the tester to follow the account, or to send it any message, and take the openId from the list of followers.',
    )
  const now = deps.now()
  const { plan, messages } = messagesOf(model, of === 'draft' ? 0 : of, step)
  const { grant, left } = await usableGrant(deps, follower, now)
  if (messages.length > left)
    throw new ApiError(
      409,
      'no-grant',
      `The test has ${messages.length} messages, and WeChat accepts ${left} more of them now. Send single steps. ${WRITE_FIRST}`,
    )
  const entry: Entry = {
    ...{ qrScene: null, eventKey: null, text: null, event: 'api' },
    ...playedEntry(model),
    ...{ key: `test-${randomUUID()}`, at: now, seq: 0 },
  }
  const begun = beginRun(plan, entry, [])
  const state: TestSendOrder['state'] = {
    ...begun,
    own: { ...follower.own, ...facts },
    reply: { at: now, text: reply },
    answer: reply,
    ...(follower.attributes ? { attributes: { ...follower.attributes, at: now } } : {}),
  }
  const shown = { scene: grant.scene, expiresAt: new Date(grant.expiresAt).toISOString(), left }
  return { version: of, grant: shown, order: { appId, openId, state, messages, now } }
}

/** The messages of one step, or of all. @throws ApiError 422 */
function messagesOf(model: Campaign, version: number, step: string) {
  const plan = compileCampaign(model, version)
  const found = plan.steps.flatMap(({ id }, index) => {
    const message = messageOfStep(model, id)
    return message ? [{ stepId: id, index, message }] : []
  })
  const messages =
    step === 'all' ? found : found.filter(({ stepId }) => stepId === step || isPartOf(stepId, step))
  if (messages.length > 0) return { plan, messages }
  const ids = found.map(({ stepId }) => stepId).join(', ')
  const message = ids ? `has no message: the steps with messages are ${ids}` : 'the campaign sends no message'
  throw refused('There is nothing to send.', [{ path: 'step', message }])
}

/**
 * The grant that pays first, and how many messages all grants allow, after those of runs and earlier tests.
 * @throws ApiError 409 with what to do
 */
async function usableGrant(
  deps: ApiDeps,
  follower: FollowerRow,
  now: number,
): Promise<{ grant: Grant; left: number }> {
  const { followedAt, unfollowedAt, optedOutAt } = follower
  if (unfollowedAt !== null && unfollowedAt >= (followedAt ?? 0))
    throw new ApiError(
      409,
      'unfollowed',
      'The tester has unfollowed. Ask the tester to follow the account again.',
    )
  if (optedOutAt !== null && optedOutAt >= (followedAt ?? 0))
    throw new ApiError(
      409,
      'opted-out',
      'The tester has opted out of messages. Ask the tester to follow the account again, or use another tester.',
    )
  // Also those that have ended: their messages have used the grants too. An unfollow has ended all grants before it.
  const runs = await runsByFollower(deps.db, follower)
  const since = runs.filter((run) => run.entry.at >= (unfollowedAt ?? 0))
  const counted = since.reduce<Ledger>((all, run) => mergeLedgers(all, run.state.ledger), follower.grants)
  const ledger = await withTests(deps, follower, counted)
  const grant = selectGrant(ledger, now)
  const usable = ledger.filter((g) => selectGrant([g], now) !== undefined)
  if (grant) return { grant, left: usable.reduce((sum, g) => sum + g.quota - g.used, 0) }
  const isUsedUp = ledger.some((g) => g.expiresAt > now)
  const why = isUsedUp
    ? 'The messages that WeChat allows after the last message or tap of the tester are used up.'
    : 'The tester has not written or tapped anything recently, so WeChat accepts no message.'
  throw new ApiError(409, 'no-grant', `${why} ${WRITE_FIRST}`)
}

/** Counts each earlier test message against the grant that paid for it then. */
async function withTests({ db }: ApiDeps, follower: FollowerKey, ledger: Ledger): Promise<Ledger> {
  if (ledger.length === 0) return ledger
  const since = Math.min(...ledger.map((g) => g.grantedAt))
  const times = await testMessagesSince(db, follower, since)
  return times.reduce((counted, at) => {
    const payer = selectGrant(
      counted.filter((g) => g.grantedAt <= at),
      at,
    )
    return payer ? useGrant(counted, payer) : counted
  }, ledger)
}

const followerOf = ({ appId, openId }: Body): FollowerKey => ({ appId, openId })
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')
