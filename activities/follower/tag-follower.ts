import { Context } from '@temporalio/activity'
import { applyTagChanges, type TagResult } from '../../src/run/attributes.ts'
import { maskId } from '../../src/shared/ids.ts'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { type CallResult, withToken } from '../../src/wechat/api/with-token.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import { attemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { retryOnProblem, retryWhenAccountActive } from '../attempt/retry-on-problem.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { openTagCache } from './tag-cache.ts'

/** Tags to give to the run's follower, and to take. */
export interface TagInput {
  step: string
  tag: readonly string[]
  untag: readonly string[]
  /** The follower's clock when the workflow decided, epoch ms. */
  now: number
  /** Time left for it, ms, at `now`. */
  leftMs: number
}

/** Tries while WeChat is busy, within half a minute (1, 2, 4, 8, 16 s): messages after it do not wait longer for a tag. */
const MAX_ATTEMPTS = 6

/** Tags the run's follower at WeChat, making tags that are missing. What WeChat refuses for good comes back as a value. */
export function createTagFollower(deps: ActivityDeps) {
  return async function tagFollower(input: TagInput): Promise<TagResult> {
    return endOnError(
      deps,
      () => attempt(input),
      async (fault) => refused(input, 'tag-failed', fault, null),
    )
  }

  async function attempt(input: TagInput): Promise<TagResult> {
    const { info } = Context.current()
    const deadline = attemptDeadline(input, info)
    const follower = currentRun()
    const failed = async (reason: string, errcode: number | null) =>
      refused(input, 'tag-failed', reason, errcode)
    const onDeadline = (reason: string) => failed(reason, null)
    return withSendSlot(deps, deadline, onDeadline, async () => {
      const account = await deps.accounts.find(follower.appId)
      if (!account?.active) return await retryWhenAccountActive(account, deadline, onDeadline)
      const done = await applyTags(account, follower.openId, input)
      if (done.ok) {
        await storeTags(follower, input)
        return { result: 'tagged' }
      }
      const { is, reason, errcode } = done
      const giveUp = () => failed(reason, errcode)
      if (is === 'refused') return refused(input, 'tag-refused', reason, errcode)
      if (is === 'transient' && info.attempt >= MAX_ATTEMPTS) return await giveUp()
      const retried = await retryOnProblem(deps, account, done, {
        deadline,
        attempt: info.attempt,
        onDeadline: giveUp,
      })
      return retried ?? (await giveUp())
    })
  }

  async function applyTags(
    account: SendAccount,
    openId: string,
    { tag, untag }: TagInput,
  ): Promise<CallResult<null>> {
    const tagCache = await openTagCache(deps, account)
    // What is taken first makes room for what is given: a follower has at most 20.
    const all = [
      ...untag.map((name) => ({ name, how: 'untag' as const })),
      ...tag.map((name) => ({ name, how: 'tag' as const })),
    ]
    for (const { name, how } of all) {
      let done = await applyTag(name, how)
      if (!done.ok && done.errcode === ERRCODE.unknownTagId) {
        const asked = await tagCache.ask()
        done = asked.ok ? await applyTag(name, how) : asked
      }
      if (!done.ok) return done
    }
    return { ok: true, data: null }

    async function applyTag(name: string, how: 'tag' | 'untag'): Promise<CallResult<unknown>> {
      const id = await tagCache.idOf(name, how === 'tag')
      if (!id.ok || id.data === null) return id
      const tagId = id.data
      return withToken(deps.tokens, account.appId, 'tags', (token) =>
        account.client.tagFollower(token, { openId, tagId, how }),
      )
    }
  }

  /** Conditions see the change without asking WeChat. */
  async function storeTags(follower: { appId: string; openId: string }, input: TagInput): Promise<void> {
    const row = await readFollower(deps.db, follower)
    if (!row?.attributes) return
    const facts = { ...row.attributes, tags: applyTagChanges(row.attributes.tags, input) }
    const { appId, openId } = follower
    await saveFollower(deps.db, { appId, openId }, { attributes: facts }, deps.now())
  }

  function refused(input: TagInput, reason: string, why: string, errcode: number | null): TagResult {
    const { appId, openId } = currentRun()
    deps.log.warn({ appId, openId: maskId(openId), step: input.step, errcode, why }, 'follower not tagged')
    return { result: 'refused', reason, errcode }
  }
}
