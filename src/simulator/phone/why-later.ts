import type { HAPPENING_TEXTS, PHONE_TEXTS } from './phone-texts.ts'
import type { FollowerView } from './view-types.ts'

/** What a phone knows of the next step of its follower. Times are the follower's clock, epoch ms. */
interface NextStep {
  view: Pick<FollowerView, 'following' | 'grants' | 'agent' | 'quota' | 'happenings'>
  /** When the run acts next; null: never; undefined: not known yet. */
  nextAt: number | null | undefined
  now: number
}

/**
 * Why a message would not go at the time of the next step, as far as WeChat knows; null: nothing is against it. Quiet hours and caps
 * are the product's own: the time of the next step has them already.
 */
export function whyLater(
  { view, nextAt, now }: NextStep,
  texts: (typeof PHONE_TEXTS)['zh'],
  happeningTexts: (typeof HAPPENING_TEXTS)['zh'],
): string | null {
  const { following, grants, agent, quota, happenings } = view
  if (!following || nextAt === undefined || nextAt === null) return null
  const at = Math.max(nextAt, now)
  const pays = (time: number) => grants.some((g) => g.expiresAt > time && g.used < g.quota)
  if (!pays(now)) return texts.noGrantNow
  if (!pays(at)) return texts.noGrantThen
  if (agent !== null) return texts.agentNow
  if (quota.used >= quota.daily) return texts.quotaUsed
  const last = happenings.findLast(({ kind }) => kind === 'send')
  if (at > now || last?.kind !== 'send' || last.errcode === 0) return null
  const why =
    last.errcode === null
      ? happeningTexts.noResponse
      : (happeningTexts.errcodes[String(last.errcode)] ?? happeningTexts.otherErrcode)
  return texts.lastFailed(why)
}
