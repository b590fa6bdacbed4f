import { Context } from '@temporalio/activity'
import type { LearnResult } from '../src/campaign/facts.ts'
import { maskId } from '../src/ids.ts'
import { readFollower, saveFollower } from '../src/store/followers.ts'
import type { UserFacts } from '../src/store/schema.ts'
import { type Trouble, withToken } from '../src/wechat/api/with-token.ts'
import { waitForAccount, waitOut } from './account-trouble.ts'
import { type AttemptClock, attemptClock } from './attempt-clock.ts'
import { endOnFault } from './fault.ts'
import { inPlace } from './in-place.ts'
import type { ActivityDeps, SendAccount } from './ports.ts'
import { whoseRun } from './send-input.ts'
import { openTagBook } from './tag-book.ts'

/** A step that asks for the follower's facts. */
export interface LearnInput {
  /** The follower's clock when the workflow decided, epoch ms. */
  now: number
  /** Time until the step's grant or the window ends, ms, at `now`. */
  leftMs: number
}

/** What the store knows is younger than this, or WeChat is asked. */
const KEPT_MS = 5 * 60_000

/** What WeChat knows of the run's follower: tags by name, and the scenes; retried until the step's time is over. */
export function createLearnFacts(deps: ActivityDeps) {
  return async function learnFacts(input: LearnInput): Promise<LearnResult> {
    return endOnFault(
      deps,
      () => learn(input),
      async (fault) => unknown(fault, null),
    )
  }

  async function learn(input: LearnInput): Promise<LearnResult> {
    const clock = attemptClock(input, Context.current().info)
    const whose = whoseRun()
    const row = await readFollower(deps.db, whose)
    const since = Math.max(deps.now() - KEPT_MS, row?.followedAt ?? 0)
    if (row?.facts && row.factsAt !== null && row.factsAt >= since) return { facts: row.facts }
    const otherwise = async (reason: string) => unknown(reason, null)
    return inPlace(deps, clock, otherwise, async () => {
      const account = await deps.accounts.find(whose.appId)
      if (!account?.active) return await waitForAccount(account, clock, otherwise)
      return await ask(account, whose.openId, clock)
    })
  }

  async function ask(account: SendAccount, openId: string, clock: AttemptClock): Promise<LearnResult> {
    const trouble = async (why: Trouble): Promise<LearnResult> => {
      const { reason, errcode } = why
      const otherwise = async () => unknown(reason, errcode)
      const { attempt } = Context.current().info
      const waited = await waitOut(deps, account, why, { clock, attempt, otherwise })
      if (waited) return waited
      const { appId } = account
      deps.log.warn({ appId, openId: maskId(openId), errcode, reason }, 'follower facts not learnt')
      return otherwise()
    }
    const asked = await withToken(deps.tokens, account.appId, 'user', (token) =>
      account.client.userInfo(token, openId),
    )
    if (!asked.ok) return trouble(asked)
    const { tagid_list = [], subscribe_scene = '', qr_scene_str = '', qr_scene = 0 } = asked.data
    const names = tagid_list.length > 0 ? await (await openTagBook(deps, account)).namesOf(tagid_list) : null
    if (names && !names.ok) return trouble(names)
    const facts: UserFacts = {
      tags: names?.data ?? [],
      subscribeScene: subscribe_scene,
      // Codes with a number instead of a text have it here.
      qrScene: qr_scene_str || (qr_scene ? String(qr_scene) : ''),
    }
    const at = deps.now()
    await saveFollower(deps.db, { appId: account.appId, openId }, { facts, factsAt: at }, at)
    return { facts }
  }
}

function unknown(reason: string, errcode: number | null): LearnResult {
  return { unknown: reason, errcode }
}
