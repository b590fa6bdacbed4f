import { DAY_MS, HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'
import type { Scene } from '../wechat/rules/rules.ts'
import type { PlayedChoice } from './played-choice.ts'

/** What a timeline shows between two steps. Times are ms after the entry. */
export type PlayedMark =
  | { mark: 'grant-end'; atMs: number; scene: Scene }
  | { mark: 'quiet'; atMs: number; endMs: number }

/** Local times of a day, like `22:00`. */
interface QuietTimes {
  from: string
  to: string
}
type Played = Pick<PlayedChoice, 'entryAt' | 'grants' | 'steps'>

/** China has no other zone, and no change of the clocks. */
const ZONE_MS = 8 * HOUR_MS

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** Grants that end, and quiet hours that begin, after one moment and not after another. */
export function marksBetween(
  played: Played,
  quiet: QuietTimes | null,
  { afterMs, untilMs }: { afterMs: number; untilMs: number },
): PlayedMark[] {
  const isBetween = (ms: number) => ms > afterMs && ms <= untilMs
  const ends = played.grants.flatMap((grant): PlayedMark[] => {
    const { scene, atMs, endsAtMs } = grant
    const isReplaced = played.grants.some((g) => g.scene === scene && g.atMs > atMs && g.atMs < endsAtMs)
    return isBetween(endsAtMs) && !isReplaced ? [{ mark: 'grant-end', atMs: endsAtMs, scene }] : []
  })
  const nights = quiet ? quietHours(played.entryAt, quiet, untilMs) : []
  const begun = nights.filter((night) => isBetween(night.atMs))
  return [...ends, ...begun].sort((a, b) => a.atMs - b.atMs)
}

/** The quiet hours of each day up to a moment. */
function quietHours(entryAt: number, { from, to }: QuietTimes, untilMs: number): PlayedMark[] {
  const localStart = entryAt + ZONE_MS - ((entryAt + ZONE_MS) % DAY_MS) - ZONE_MS - entryAt
  const length = ((minutesOf(to) - minutesOf(from) + 24 * 60) % (24 * 60)) * MINUTE_MS
  const first = localStart + minutesOf(from) * MINUTE_MS - DAY_MS
  const nights: PlayedMark[] = []
  for (let atMs = first; atMs <= untilMs; atMs += DAY_MS)
    nights.push({ mark: 'quiet', atMs, endMs: atMs + length })
  return nights
}

/** The grants of one moment. `spent`: all its messages are used. */
export interface Lanes {
  /** Of a follow, a scan or a tap: the one that ends first. */
  short: { scene: Scene; isSpent: boolean } | null
  message: { isSpent: boolean } | null
}

/** Which grants a follower has at a moment, ms after the entry. What is paid at the moment counts as used. */
export function lanesAt({ grants, steps }: Played, atMs: number): Lanes {
  const open = grants.filter((grant) => grant.atMs <= atMs && atMs < grant.endsAtMs)
  const newest = open.filter(
    ({ scene, atMs: begun }) => !open.some((other) => other.scene === scene && other.atMs > begun),
  )
  const used = ({ scene, atMs: begun }: (typeof grants)[number]) =>
    steps.filter((step) => step.paid?.scene === scene && step.atMs >= begun && step.atMs <= atMs).length
  const [short] = newest.filter(({ scene }) => scene !== 'message').sort((a, b) => a.endsAtMs - b.endsAtMs)
  const message = newest.find(({ scene }) => scene === 'message')
  return {
    short: short ? { scene: short.scene, isSpent: used(short) >= short.of } : null,
    message: message ? { isSpent: used(message) >= message.of } : null,
  }
}
