import { type Card, textOf } from '../../../campaign/editing/campaign-items.ts'
import { marksBetween, type PlayedMark } from '../../../campaign/played-marks.ts'
import type { EditorAnalysis } from '../../editor-data.ts'
import { stepPlay } from './payment.tsx'
import { type EditorStore, keyOf } from './store.ts'

/** When the simulated follower comes to a card. Times are ms after the entry. */
interface CardTime {
  /** Null: never, or the card has no time of its own. */
  atMs: number | null
  /** The time of the last card above that has one. */
  reachedMs: number
  /** The same without this card. */
  beforeMs: number
  /** What happens between that card and this one. */
  marks: readonly PlayedMark[]
}

type Times = ReadonlyMap<string, CardTime>
/** The end of the run, among the keys of cards. */
export const END = 'end-of-run'

interface Known {
  cards: readonly Card[]
  played: EditorAnalysis['played']
  times: Times
}
let known: Known | null = null

/** The times of all cards on the way that is shown. */
export function cardTimes(store: EditorStore): Times {
  const { cards, played } = store
  if (known?.cards !== cards || known.played !== played)
    known = { cards, played, times: played ? timesOf(store, played) : new Map() }
  return known.times
}

function timesOf(store: EditorStore, played: NonNullable<EditorAnalysis['played']>): Times {
  const times = new Map<string, CardTime>()
  let reachedMs = 0
  const add = (key: string, atMs: number | null) => {
    const marks =
      atMs === null ? [] : marksBetween(played, played.quiet, { afterMs: reachedMs, untilMs: atMs })
    const beforeMs = reachedMs
    reachedMs = Math.max(reachedMs, atMs ?? 0)
    times.set(key, { atMs, reachedMs, beforeMs, marks })
  }
  add('entry', 0)
  for (const card of store.cards) add(keyOf(card.path), timeOf(store, played, card))
  add(END, played.endMs)
  return times
}

function timeOf(
  store: EditorStore,
  played: NonNullable<EditorAnalysis['played']>,
  { kind, path, fields }: Card,
): number | null {
  if (kind === 'step') {
    const play = stepPlay(store, textOf(fields.id))
    if (!play) return null
    // A step that never goes is shown where it is held.
    return play.paid === null && play.heldMs !== null ? play.heldMs : play.atMs
  }
  if (kind === 'branch') {
    const fork = store.cards.find((card) => keyOf(card.path) === keyOf(path.slice(0, -2)))
    const decided = played.forks.find((one) => one.fork === textOf(fork?.fields.id))
    return decided && decided.took === path.at(-1) ? decided.atMs : null
  }
  // A wait begins where the card above is, and is over when a branch is taken.
  if (kind !== 'fork' || fields.wait !== undefined) return null
  return played.forks.find((one) => one.fork === textOf(fields.id))?.atMs ?? null
}
