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
import { TagCache } from './tag-cache.ts'

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

/** Tags the run's follower at WeChat and creates missing tags. A permanent refusal is returned as a value. */
export function createTagFollower(deps: ActivityDeps) {
  return async function tagFollower(input: TagInput): Promise<TagResult> {
    return endOnError(
      deps,
      () => tagWithinDeadline(deps, input),
      async (fault) => refuse(deps, input, 'tag-failed', { reason: fault, errcode: null }),
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
    const tagged = await applyTags(deps, account, openId, input)
    if (tagged.ok) {
      await storeTags(deps, { appId, openId }, input)
      return { result: 'tagged' }
    }
    if (tagged.is === 'refused') return refuse(deps, input, 'tag-refused', tagged)
    const giveUp = async () => refuse(deps, input, 'tag-failed', tagged)
    if (tagged.is === 'transient' && info.attempt >= MAX_ATTEMPTS) return await giveUp()
    const retry = { deadline, attempt: info.attempt, onDeadline: giveUp }
    return (await retryOnProblem(deps, account, tagged, retry)) ?? (await giveUp())
  })
}

/** Removes before it adds: a follower has at most 20 tags. */
async function applyTags(
  deps: ActivityDeps,
  account: SendAccount,
  openId: string,
  { tag, untag }: TagInput,
): Promise<CallResult<null>> {
  const tags = await TagCache.open(deps, account)
  const changes = [
    ...untag.map((name) => ({ name, how: 'untag' as const })),
    ...tag.map((name) => ({ name, how: 'tag' as const })),
  ]
  for (const { name, how } of changes) {
    const change = async (): Promise<CallResult<unknown>> => {
      const id = await tags.idOf(name, how === 'tag')
      if (!id.ok || id.data === null) return id
      const tagId = id.data
      return withToken(deps.tokens, account.appId, 'tags', (accessToken) =>
        account.client.tagFollower(accessToken, { openId, tagId, how }),
      )
    }
    let changed = await change()
    if (!changed.ok && changed.errcode === ERRCODE.unknownTagId) {
      const refreshed = await tags.refresh()
      changed = refreshed.ok ? await change() : refreshed
    }
    if (!changed.ok) return changed
  }
  return { ok: true, data: null }
}

/** Later conditions of the run see the change without a call to WeChat. */
async function storeTags(
  { db, now }: ActivityDeps,
  follower: { appId: string; openId: string },
  input: TagInput,
): Promise<void> {
  const row = await readFollower(db, follower)
  if (!row?.attributes) return
  const attributes = { ...row.attributes, tags: applyTagChanges(row.attributes.tags, input) }
  await saveFollower(db, follower, { attributes }, now())
}

function refuse(
  { log }: ActivityDeps,
  { step }: TagInput,
  result: string,
  { reason: why, errcode }: { reason: string; errcode: number | null },
): TagResult {
  const { appId, openId } = currentRun()
  log.warn({ appId, openId: maskId(openId), step, errcode, why }, 'follower not tagged')
  return { result: 'refused', reason: result, errcode }
}
