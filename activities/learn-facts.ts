import { Context } from '@temporalio/activity'
import type { LearnResult } from '../src/campaign/facts.ts'
import { readFollower, saveFollower } from '../src/store/followers.ts'
import type { UserFacts } from '../src/store/schema.ts'
import { askWechat } from './ask-wechat.ts'
import { type AttemptClock, attemptClock } from './attempt-clock.ts'
import { inPlace } from './in-place.ts'
import { later } from './later.ts'
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
const AGAIN_MS = 2_000
const STOPPED_AGAIN_MS = 60_000

/** What WeChat knows of the run's follower: tags by name, and the scenes; retried until the step's time is over. */
export function createLearnFacts(deps: ActivityDeps) {
  return async function learnFacts(input: LearnInput): Promise<LearnResult> {
    const clock = attemptClock(input, Context.current().info)
    const whose = whoseRun()
    const row = await readFollower(deps.db, whose)
    const since = Math.max(deps.now() - KEPT_MS, row?.followedAt ?? 0)
    if (row?.facts && row.factsAt !== null && row.factsAt >= since) return { facts: row.facts }
    return inPlace(
      deps,
      clock,
      async (reason) => unknown(reason, null),
      async () => {
        const account = await deps.accounts.find(whose.appId)
        if (!account?.active) {
          const reason = account?.stateReason ?? 'the account is gone'
          return await later(clock, 'AccountStopped', reason, STOPPED_AGAIN_MS, async () =>
            unknown(reason, null),
          )
        }
        return await ask(account, whose.openId, clock)
      },
    )
  }

  async function ask(account: SendAccount, openId: string, clock: AttemptClock): Promise<LearnResult> {
    const trouble = ({
      again,
      reason,
      errcode,
    }: {
      again: boolean
      reason: string
      errcode: number | null
    }) =>
      again
        ? later(clock, 'WechatFailed', reason, AGAIN_MS, async () => unknown(reason, errcode))
        : unknown(reason, errcode)
    const asked = await askWechat(deps, account, (client, token) => client.userInfo(token, openId))
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
