import { Context } from '@temporalio/activity'
import type { FetchAttributesResult } from '../../src/run/attributes.ts'
import { maskId } from '../../src/shared/ids.ts'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import type { FollowerAttributes } from '../../src/store/schema.ts'
import { TagCache } from '../../src/tagging/tag-cache.ts'
import { type CallProblem, withToken } from '../../src/wechat/api/with-token.ts'
import { type AttemptDeadline, attemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { retryOnProblem, retryWhenAccountActive } from '../attempt/retry-on-problem.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'

/** The time that a step has for calls about the follower. */
export interface FetchAttributesInput {
  /** When the workflow decided, epoch ms by the follower's clock. */
  now: number
  /** Time until the step's grant or the window ends, ms, at `now`. */
  leftMs: number
}

/** Stored attributes older than this are fetched from WeChat again. */
const MAX_AGE_MS = 5 * 60_000

/** Fetches the follower's tag names and scenes, from the store or from WeChat. Retries end with the step's time. */
export function createFetchFollowerAttributes(deps: ActivityDeps) {
  return async function fetchFollowerAttributes(input: FetchAttributesInput): Promise<FetchAttributesResult> {
    return endOnError(
      deps,
      () => fetchAttributes(input),
      async (error) => unknown(error, null),
    )
  }

  async function fetchAttributes(input: FetchAttributesInput): Promise<FetchAttributesResult> {
    const deadline = attemptDeadline(input, Context.current().info)
    const follower = currentRun()
    const row = await readFollower(deps.db, follower)
    const since = Math.max(deps.now() - MAX_AGE_MS, row?.followedAt ?? 0)
    if (row?.attributes && row.attributesAt !== null && row.attributesAt >= since)
      return { attributes: row.attributes }
    const onDeadline = async (reason: string) => unknown(reason, null)
    return withSendSlot(deps, deadline, onDeadline, async () => {
      const account = await deps.accounts.find(follower.appId)
      if (!account?.active) return await retryWhenAccountActive(account, deadline, onDeadline)
      return await fetchFromWechat(account, follower.openId, deadline)
    })
  }

  async function fetchFromWechat(
    account: SendAccount,
    openId: string,
    deadline: AttemptDeadline,
  ): Promise<FetchAttributesResult> {
    const onProblem = async (problem: CallProblem): Promise<FetchAttributesResult> => {
      const { reason, errcode } = problem
      const onDeadline = async () => unknown(reason, errcode)
      const { attempt } = Context.current().info
      const retried = await retryOnProblem(deps, account, problem, { deadline, attempt, onDeadline })
      if (retried) return retried
      const { appId } = account
      deps.log.warn({ appId, openId: maskId(openId), errcode, reason }, 'follower attributes not fetched')
      return onDeadline()
    }
    const answer = await withToken(deps.tokens, account.appId, 'user', (token) =>
      account.client.userInfo(token, openId),
    )
    if (!answer.ok) return onProblem(answer)
    const { tagid_list = [], subscribe_scene = '', qr_scene_str = '', qr_scene = 0 } = answer.data
    const tagNames =
      tagid_list.length > 0 ? await (await TagCache.open(deps, account)).namesOf(tagid_list) : null
    if (tagNames && !tagNames.ok) return onProblem(tagNames)
    const attributes: FollowerAttributes = {
      tags: tagNames?.data ?? [],
      subscribeScene: subscribe_scene,
      // A QR code made with a number has it in `qr_scene`.
      qrScene: qr_scene_str || (qr_scene ? String(qr_scene) : ''),
    }
    const at = deps.now()
    await saveFollower(deps.db, { appId: account.appId, openId }, { attributes, attributesAt: at }, at)
    return { attributes }
  }
}

function unknown(reason: string, errcode: number | null): FetchAttributesResult {
  return { unknown: reason, errcode }
}
