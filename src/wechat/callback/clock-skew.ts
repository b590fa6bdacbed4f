/**
 * How far this machine's clock is from WeChat's, out of signed pushes. Each carries WeChat's time of delivery as the query's
 * `timestamp`, in whole seconds (消息推送, https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html);
 * `CreateTime` is no measure, because a push that is repeated or comes late has an old one. Pure: no clock in here.
 */

/** A push: our time of its arrival minus its `timestamp`, ms. */
export type Offset = number

export interface SkewEstimate {
  samples: number
  /** Ours minus WeChat's, ms: positive when this machine is ahead. Null without a sample. */
  skewMs: number | null
  /** How far apart the middle half of the samples is. */
  spreadMs: number
  /** Enough samples, and they agree. */
  steady: boolean
}

/** `timestamp` is cut to the second: on average, a push was signed half a second after it. */
const CUT_MS = 500
/** Fewer could be a coincidence of late ones. */
export const FEWEST_SAMPLES = 5
/** Cutting alone spreads the middle half over 0.5 s; the network and a busy machine add some. */
const STEADY_SPREAD_MS = 2_000
/** From here on it is worth a warning: a one-minute grant is used until 3 s before its end. */
export const LARGE_SKEW_MS = 2_500
/** A correction in use ends below this: between the two nothing changes to and fro. */
const SMALL_SKEW_MS = 1_500
/** How far the skew may be from the whole second below it that is in use. */
const LOOSE_MS = 750

/**
 * The median of the samples, so that up to half of them may have been late on their way. What the network takes is not told
 * apart from a clock that is ahead; it is far below the margin of a grant.
 */
export function estimateSkew(offsets: readonly Offset[]): SkewEstimate {
  const sorted = offsets.toSorted((a, b) => a - b)
  const samples = sorted.length
  if (samples === 0) return { samples, skewMs: null, spreadMs: 0, steady: false }
  const spreadMs = quantile(sorted, 0.75) - quantile(sorted, 0.25)
  return {
    samples,
    skewMs: quantile(sorted, 0.5) - CUT_MS,
    spreadMs,
    steady: samples >= FEWEST_SAMPLES && spreadMs <= STEADY_SPREAD_MS,
  }
}

/**
 * What to add to WeChat's times to get ours, ms: 0 unless the skew is large and steady. In whole seconds, rounded down, so
 * that a grant never seems to live longer than it does; and only as often changed as it must be.
 * @param before the correction in use
 */
export function correctionOf({ skewMs, steady }: SkewEstimate, before: number): number {
  if (skewMs === null) return 0
  const fits = before !== 0 && skewMs >= before - LOOSE_MS && skewMs < before + 1_000 + LOOSE_MS
  if (before !== 0 && fits && Math.abs(skewMs) >= SMALL_SKEW_MS) return before
  if (!steady || Math.abs(skewMs) < LARGE_SKEW_MS) return 0
  return Math.floor(skewMs / 1_000) * 1_000
}

/** Between the two nearest values, as far as the quantile lies between them. */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? 0
  const high = sorted[Math.ceil(at)] ?? low
  return low + (high - low) * (at - Math.floor(at))
}
