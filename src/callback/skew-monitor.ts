import type { Log } from '../shared/log.ts'
import {
  correctionOf,
  estimateSkew,
  FEWEST_SAMPLES,
  LARGE_SKEW_MS,
  type SkewEstimate,
} from '../wechat/callback/clock-skew.ts'
import type { OpenedCallback } from '../wechat/callback/envelope.ts'

/** A push whose signature held. */
export interface SignedPush {
  /** The account's own `apiBase`, whose platform has a clock of its own; null: WeChat. */
  apiBase: string | null
  /** The query's `timestamp`, s. */
  timestamp: number
  /** Our clock, epoch ms. */
  arrivedAt: number
  /** Tells pushes apart: the same one twice, by whoever, says nothing new. */
  signature: string
  /** Its `timestamp` was too far from our clock, so nothing else was believed of it. */
  refused: boolean
}

export interface SkewReport {
  /** Host of the platform's API. */
  api: string
  samples: number
  /** How many of them were refused because of their `timestamp`. */
  refused: number
  /** Ours minus WeChat's, ms. */
  skewMs: number
  steady: boolean
  /** What is added to WeChat's times of events that come now. */
  correctionMs: number
}

export interface SkewMonitor {
  record(push: SignedPush): void
  /** What to add to WeChat's times to get ours, ms; 0 where nothing is to be corrected. */
  aheadMs(apiBase: string | null): number
  /** One for each platform that has pushed within the last hour. */
  report(): SkewReport[]
  /** The same for an account's platform, once there are enough pushes. */
  reportFor(apiBase: string | null): SkewReport | null
}

/** Takes the measure of a push, if it was signed. */
export function measureSkew(
  monitor: Pick<SkewMonitor, 'record'>,
  call: {
    apiBase: string | null
    query: Record<string, string | undefined>
    opened: OpenedCallback
    arrivedAt: number
  },
): void {
  const { apiBase, query, opened, arrivedAt } = call
  if (!opened.ok && !opened.stale) return
  const signature = query.msg_signature ?? query.signature ?? ''
  monitor.record({ apiBase, timestamp: Number(query.timestamp), arrivedAt, signature, refused: !opened.ok })
}

const MAX_SAMPLES = 64
/** An unsynchronised clock drifts by less than half a second in an hour. */
const SAMPLE_LIFETIME_MS = 3_600_000
/** The machine's clock was set: what was measured before says nothing any more. Being slewed moves it far less. */
const CLOCK_SET_MS = 1_000
const SLEW = 0.001
const WARN_EVERY_MS = 600_000
/** Far more platforms than one process serves; a bound all the same. */
const MAX_PLATFORMS = 100

interface Sample {
  offsetMs: number
  at: number
  signature: string
  refused: boolean
}

interface Platform {
  apiBase: string | null
  samples: Sample[]
  correctionMs: number
  warnedAt: number | null
}

/**
 * Measures this process's clock against WeChat's by the pushes of the last hour, one platform beside the other, and warns
 * where they are far apart.
 */
export function createSkewMonitor(deps: {
  /** Of accounts without an `apiBase` of their own. */
  defaultApi: string
  now(): number
  /** A clock that nobody sets, ms. */
  monotonic(): number
  log: Log
}): SkewMonitor {
  const { now, monotonic, log } = deps
  const platforms = new Map<string | null, Platform>()
  let last = { wall: now(), mono: monotonic() }

  function record(push: SignedPush): void {
    if (!Number.isFinite(push.timestamp)) return
    resetIfClockWasSet()
    const platform = platformOf(push.apiBase)
    if (!platform || platform.samples.some((s) => s.signature === push.signature)) return
    const { signature, refused } = push
    const sample = { offsetMs: push.arrivedAt - push.timestamp * 1_000, at: monotonic(), signature, refused }
    platform.samples = [...recentSamples(platform), sample].slice(-MAX_SAMPLES)
    const correction = correctionOf(estimate(platform, { accepted: true }), platform.correctionMs)
    if (correction !== platform.correctionMs) {
      platform.correctionMs = correction
      const reference = correction === 0 ? 'this machine’s' : 'WeChat’s'
      log.warn(
        { api: apiOf(push.apiBase), correctionMs: correction },
        `events are counted by ${reference} clock from now on`,
      )
    }
    warn(platform)
  }

  function resetIfClockWasSet(): void {
    const at = { wall: now(), mono: monotonic() }
    const moved = Math.abs(at.wall - at.mono - (last.wall - last.mono))
    if (moved > CLOCK_SET_MS + (at.mono - last.mono) * SLEW) platforms.clear()
    last = at
  }

  function platformOf(apiBase: string | null): Platform | null {
    const known = platforms.get(apiBase)
    if (known) return known
    if (platforms.size >= MAX_PLATFORMS) return null
    const added: Platform = { apiBase, samples: [], correctionMs: 0, warnedAt: null }
    platforms.set(apiBase, added)
    return added
  }

  function recentSamples({ samples }: Platform): Sample[] {
    return samples.filter((s) => monotonic() - s.at < SAMPLE_LIFETIME_MS)
  }

  function estimate(platform: Platform, only: { accepted: boolean }): SkewEstimate {
    const samples = recentSamples(platform).filter((s) => !only.accepted || !s.refused)
    return estimateSkew(samples.map((s) => s.offsetMs))
  }

  function warn(platform: Platform): void {
    const report = reportOf(platform)
    if (!report?.steady) return
    const { warnedAt } = platform
    if (!isLargeSkew(report)) {
      if (warnedAt !== null) log.info(report, 'this machine’s clock agrees with WeChat’s again')
      platform.warnedAt = null
      return
    }
    if (warnedAt !== null && monotonic() - warnedAt < WARN_EVERY_MS) return
    platform.warnedAt = monotonic()
    const off = describeSkew(report.skewMs)
    if (report.refused * 2 > report.samples)
      log.error(
        report,
        `callbacks are refused because of their timestamp: this machine’s clock is ${off}: set it right (NTP)`,
      )
    else log.warn(report, `this machine’s clock is ${off}: set it right (NTP)`)
  }

  function reportOf(platform: Platform): SkewReport | null {
    const { samples, skewMs, steady } = estimate(platform, { accepted: false })
    if (skewMs === null) return null
    const refused = recentSamples(platform).filter((s) => s.refused).length
    const { apiBase, correctionMs } = platform
    return { api: apiOf(apiBase), samples, refused, skewMs: Math.round(skewMs), steady, correctionMs }
  }

  function apiOf(apiBase: string | null): string {
    const url = apiBase ?? deps.defaultApi
    return URL.canParse(url) ? new URL(url).host : url
  }

  return {
    record,
    aheadMs: (apiBase) => platforms.get(apiBase)?.correctionMs ?? 0,
    report: () => [...platforms.values()].map(reportOf).filter((r) => r !== null),
    reportFor(apiBase) {
      const platform = platforms.get(apiBase)
      const report = platform && reportOf(platform)
      return report && report.samples >= FEWEST_SAMPLES ? report : null
    },
  }
}

/** Far enough apart to matter, by enough pushes. */
export function isLargeSkew({ samples, skewMs }: Pick<SkewReport, 'samples' | 'skewMs'>): boolean {
  return samples >= FEWEST_SAMPLES && Math.abs(skewMs) >= LARGE_SKEW_MS
}

/** For people: `70 s ahead of WeChat’s`. */
export function describeSkew(skewMs: number): string {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1)
  return `${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} WeChat’s`
}
