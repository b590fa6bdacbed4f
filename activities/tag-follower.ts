import { Context } from '@temporalio/activity'
import { retag, type TagResult } from '../src/campaign/facts.ts'
import { maskId } from '../src/ids.ts'
import { readFollower, saveFollower } from '../src/store/followers.ts'
import { type Called, withToken } from '../src/wechat/api/with-token.ts'
import { waitForAccount, waitOut } from './account-trouble.ts'
import { attemptClock } from './attempt-clock.ts'
import { endOnFault } from './fault.ts'
import { inPlace } from './in-place.ts'
import type { ActivityDeps, SendAccount } from './ports.ts'
import { whoseRun } from './send-input.ts'
import { openTagBook } from './tag-book.ts'

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

/** 45159: the number of a tag that is there no more. */
const TAG_GONE = 45159
/** Tries while WeChat is busy, within half a minute (1, 2, 4, 8, 16 s): messages after it do not wait longer for a tag. */
const TRIES = 6

/** Tags the run's follower at WeChat, making tags that are missing. What WeChat refuses for good comes back as a value. */
export function createTagFollower(deps: ActivityDeps) {
  return async function tagFollower(input: TagInput): Promise<TagResult> {
    return endOnFault(
      deps,
      () => attempt(input),
      async (fault) => refused(input, 'tag-failed', fault, null),
    )
  }

  async function attempt(input: TagInput): Promise<TagResult> {
    const { info } = Context.current()
    const clock = attemptClock(input, info)
    const whose = whoseRun()
    const failed = async (reason: string, errcode: number | null) =>
      refused(input, 'tag-failed', reason, errcode)
    const late = (reason: string) => failed(reason, null)
    return inPlace(deps, clock, late, async () => {
      const account = await deps.accounts.find(whose.appId)
      if (!account?.active) return await waitForAccount(account, clock, late)
      const done = await retagAt(account, whose.openId, input)
      if (done.ok) {
        await keepFacts(whose, input)
        return { result: 'tagged' }
      }
      const { is, reason, errcode } = done
      const otherwise = () => failed(reason, errcode)
      if (is === 'refused') return refused(input, 'tag-refused', reason, errcode)
      if (is === 'passing' && info.attempt >= TRIES) return await otherwise()
      const waited = await waitOut(deps, account, done, { clock, attempt: info.attempt, otherwise })
      return waited ?? (await otherwise())
    })
  }

  async function retagAt(
    account: SendAccount,
    openId: string,
    { tag, untag }: TagInput,
  ): Promise<Called<null>> {
    const book = await openTagBook(deps, account)
    // What is taken first makes room for what is given: a follower has at most 20.
    const all = [
      ...untag.map((name) => ({ name, how: 'untag' as const })),
      ...tag.map((name) => ({ name, how: 'tag' as const })),
    ]
    for (const { name, how } of all) {
      let done = await once(name, how)
      if (!done.ok && done.errcode === TAG_GONE) {
        const asked = await book.ask()
        done = asked.ok ? await once(name, how) : asked
      }
      if (!done.ok) return done
    }
    return { ok: true, data: null }

    async function once(name: string, how: 'tag' | 'untag'): Promise<Called<unknown>> {
      const id = await book.idOf(name, how === 'tag')
      if (!id.ok || id.data === null) return id
      const tagId = id.data
      return withToken(deps.tokens, account.appId, 'tags', (token) =>
        account.client.tagFollower(token, { openId, tagId, how }),
      )
    }
  }

  /** Conditions see the change without asking WeChat. */
  async function keepFacts(whose: { appId: string; openId: string }, input: TagInput): Promise<void> {
    const row = await readFollower(deps.db, whose)
    if (!row?.facts) return
    const facts = { ...row.facts, tags: retag(row.facts.tags, input) }
    const { appId, openId } = whose
    await saveFollower(deps.db, { appId, openId }, { facts }, deps.now())
  }

  function refused(input: TagInput, reason: string, why: string, errcode: number | null): TagResult {
    const { appId, openId } = whoseRun()
    deps.log.warn({ appId, openId: maskId(openId), step: input.step, errcode, why }, 'follower not tagged')
    return { result: 'refused', reason, errcode }
  }
}
