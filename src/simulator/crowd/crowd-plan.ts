import { type FollowerAction, followerActions } from '../callbacks/follower-actions.ts'
import { menuFor } from '../state/menu.ts'
import type { SimAccountState, SimFollower } from '../state/model.ts'
import { scenesOf } from '../state/qrcodes.ts'
import type { SimButton } from '../state/records.ts'
import { BEHAVIOURS, type Behaviour, type CrowdSettings } from './crowd-settings.ts'

/** An action of a follower, some time after the follow. */
export interface PlannedAction {
  afterMs: number
  action: (account: SimAccountState, follower: SimFollower, now: number) => FollowerAction | null
}

type Random = () => number

const between = (random: Random, from: number, to: number) => from + random() * (to - from)
const oneOf = <T>(random: Random, all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)]

/** Chooses a behaviour by its weight. */
export function chooseBehaviour(mix: CrowdSettings['mix'], random: Random): Behaviour {
  const total = BEHAVIOURS.reduce((sum, b) => sum + mix[b], 0)
  let left = random() * total
  for (const behaviour of BEHAVIOURS) {
    left -= mix[behaviour]
    if (left < 0) return behaviour
  }
  return BEHAVIOURS.find((b) => mix[b] > 0) ?? 'silent'
}

/** How a follower arrives: those who scan, by a code of the account. */
export function arrivalOf(
  behaviour: Behaviour,
  account: SimAccountState,
  now: number,
  random: Random,
): FollowerAction {
  const scene = behaviour === 'scans' ? oneOf(random, scenesOf(account, now)) : undefined
  return followerActions.follow(scene)
}

const CHAT_TEXTS = ['谢谢', '还有别的吗？', '好的，我看看', '多少钱？', '什么时候更新？']

/** What a follower does after the follow. */
export function planOf(behaviour: Behaviour, reply: string, random: Random): PlannedAction[] {
  const says = (afterMs: number, text: string): PlannedAction => ({
    afterMs,
    action: () => followerActions.type(text),
  })
  const first = between(random, 3_000, 40_000)
  switch (behaviour) {
    case 'silent':
      return []
    case 'replies':
      return [says(first, reply)]
    case 'chats':
      return [
        says(first, reply),
        ...[1, 2, 3].map((i) =>
          says(first + i * between(random, 6_000, 12_000), oneOf(random, CHAT_TEXTS) ?? reply),
        ),
      ]
    case 'menu':
      return [{ afterMs: first, action: (account, follower) => menuTap(account, follower, random) }]
    case 'scans':
      return [{ afterMs: first, action: (account, _, now) => scan(account, now, random) }]
    case 'leaves-at-once':
      return [{ afterMs: between(random, 500, 3_000), action: () => followerActions.unfollow() }]
    case 'leaves-later':
      return [{ afterMs: between(random, 20_000, 55_000), action: () => followerActions.unfollow() }]
    default:
      return behaviour satisfies never
  }
}

/** A tap on one of the menu's items that send an event; null: it has none. */
function menuTap(account: SimAccountState, follower: SimFollower, random: Random): FollowerAction | null {
  const all = menuFor(account, follower).flatMap((b: SimButton) => [b, ...(b.sub_button ?? [])])
  const button = oneOf(
    random,
    all.filter((b) => b.type === 'click' && b.key !== undefined),
  )
  return button?.key === undefined ? null : followerActions.tapMenu(button.key, button.name)
}

function scan(account: SimAccountState, now: number, random: Random): FollowerAction | null {
  const scene = oneOf(random, scenesOf(account, now))
  return scene === undefined ? null : followerActions.scan(scene)
}
