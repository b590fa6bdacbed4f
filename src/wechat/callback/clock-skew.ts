/**
 * Estimates how far this machine's clock is from WeChat's, from signed pushes. Each push has WeChat's time of delivery as the
 * query's `timestamp`, in whole seconds (消息推送,
 * https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html). `CreateTime` is not used, because
 * it is old in a push that is repeated or late. These functions read no clock.
 */

/** One push: its arrival by this machine's clock minus its `timestamp`, ms. */
export type Offset = number

export interface SkewEstimate {
  samples: number
  /** This machine's clock minus WeChat's, ms; positive when this machine is ahead. Null without a sample. */
  skewMs: number | null
  /** The interquartile range of the samples, ms. */
  spreadMs: number
  /** True when there are enough samples and they agree. */
  steady: boolean
}

/** `timestamp` is truncated to the second, so a push was signed half a second after it on average. */
const TRUNCATION_MS = 500
/** Fewer samples could all be late by coincidence. */
export const FEWEST_SAMPLES = 5
/** The truncation alone spreads the middle half over 0.5 s. The network and a busy machine add to it. */
const STEADY_SPREAD_MS = 2_000
/** A skew from here on is reported: a one-minute grant is used until 3 s before its end. */
export const LARGE_SKEW_MS = 2_500
/** A correction in use ends below this. The gap to LARGE_SKEW_MS prevents frequent changes. */
const SMALL_SKEW_MS = 1_500
/** The skew may leave the second of the correction in use by this much before the correction changes. */
const LOOSE_MS = 750

/**
 * Estimates the skew as the median of the samples, so that up to half of them may be late. The network's latency counts as
 * skew, but it is far below a grant's margin.
 */
export function estimateSkew(offsets: readonly Offset[]): SkewEstimate {
  const sorted = offsets.toSorted((a, b) => a - b)
  const samples = sorted.length
  if (samples === 0) return { samples, skewMs: null, spreadMs: 0, steady: false }
  const spreadMs = quantile(sorted, 0.75) - quantile(sorted, 0.25)
  return {
    samples,
    skewMs: quantile(sorted, 0.5) - TRUNCATION_MS,
    spreadMs,
    steady: samples >= FEWEST_SAMPLES && spreadMs <= STEADY_SPREAD_MS,
  }
}

/**
 * The correction that converts WeChat's times to this machine's, ms; 0 unless the skew is large and steady. It is rounded
 * down to whole seconds, so that a grant never appears to end too late, and it changes as rarely as possible.
 * @param before the correction in use
 */
export function correctionOf({ skewMs, steady }: SkewEstimate, before: number): number {
  if (skewMs === null) return 0
  const fits = before !== 0 && skewMs >= before - LOOSE_MS && skewMs < before + 1_000 + LOOSE_MS
  if (before !== 0 && fits && Math.abs(skewMs) >= SMALL_SKEW_MS) return before
  if (!steady || Math.abs(skewMs) < LARGE_SKEW_MS) return 0
  return Math.floor(skewMs / 1_000) * 1_000
}

/** The quantile, interpolated linearly between the two nearest values. */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? 0
  const high = sorted[Math.ceil(at)] ?? low
  return low + (high - low) * (at - Math.floor(at))
}
