import { Context } from '@temporalio/activity'
import type { TagResult } from '../../src/run/attributes.ts'
import { maskId } from '../../src/shared/ids.ts'
import { saveTagChanges } from '../../src/store/runs/follower-tags.ts'
import { changeTags } from '../../src/tagging/change-tags.ts'
import { attemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { retryOnProblem, retryWhenAccountActive } from '../attempt/retry-on-problem.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps } from '../deps.ts'

/** Tags to add to the run's follower, and tags to remove. */
export interface TagInput {
  step: string
  tag: readonly string[]
  untag: readonly string[]
  /** When the workflow decided, epoch ms by the follower's clock. */
  now: number
  /** Time left for the tagging, ms, at `now`. */
  leftMs: number
}

/** Attempts while WeChat is busy: about half a minute (1, 2, 4, 8, 16 s), so that the next messages do not wait longer. */
const MAX_ATTEMPTS = 6

/** Adds and removes the follower's tags at WeChat, and creates missing tags. Returns a permanent refusal as a value. */
export function createTagFollower(deps: ActivityDeps) {
  return async function tagFollower(input: TagInput): Promise<TagResult> {
    return endOnError(
      deps,
      () => tagWithinDeadline(deps, input),
      async (error) => refuse(deps, input, 'tag-failed', { reason: error, errcode: null }),
    )
  }
}

async function tagWithinDeadline(deps: ActivityDeps, input: TagInput): Promise<TagResult> {
  const { info } = Context.current()
  const deadline = attemptDeadline(input, info)
  const { appId, openId } = currentRun()
  const onDeadline = async (reason: string) => refuse(deps, input, 'tag-failed', { reason, errcode: null })
  return withSendSlot(deps, deadline, onDeadline, async () => {
    const account = await deps.accounts.find(appId)
    if (!account?.active) return await retryWhenAccountActive(account, deadline, onDeadline)
    const tagged = await changeTags(deps, account, openId, input)
    if (tagged.ok) {
      await saveTagChanges(deps.db, { appId, openId }, input, deps.now())
      return { result: 'tagged' }
    }
    if (tagged.is === 'refused') return refuse(deps, input, 'tag-refused', tagged)
    const fail = async () => refuse(deps, input, 'tag-failed', tagged)
    if (tagged.is === 'transient' && info.attempt >= MAX_ATTEMPTS) return await fail()
    const retry = { deadline, attempt: info.attempt, onDeadline: fail }
    return (await retryOnProblem(deps, account, tagged, retry)) ?? (await fail())
  })
}

function refuse(
  { log }: ActivityDeps,
  { step }: TagInput,
  stepReason: string,
  { reason, errcode }: { reason: string; errcode: number | null },
): TagResult {
  const { appId, openId } = currentRun()
  log.warn({ appId, openId: maskId(openId), step, errcode, reason }, 'follower not tagged')
  return { result: 'refused', reason: stepReason, errcode }
}
