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
  /** Tells pushes apart: the same one twice, whoever sent it, says nothing new. */
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

/** Records the clock of a push, where its signature held. */
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

interface SkewMonitorDeps {
  /** API of accounts without an `apiBase` of their own. */
  defaultApi: string
  now(): number
  /** A clock that nobody sets, ms. */
  monotonic(): number
  log: Log
}

/**
 * Measures this process's clock against WeChat's by the pushes of the last hour, each platform by itself, and warns where
 * they are far apart.
 */
export function createSkewMonitor(deps: SkewMonitorDeps): SkewMonitor {
  const monitor = new PushSkewMonitor(deps)
  return {
    record: (push) => monitor.record(push),
    aheadMs: (apiBase) => monitor.aheadMs(apiBase),
    report: () => monitor.report(),
    reportFor: (apiBase) => monitor.reportFor(apiBase),
  }
}

class PushSkewMonitor implements SkewMonitor {
  readonly #deps: SkewMonitorDeps
  readonly #platforms = new Map<string | null, Platform>()
  #lastReading: { wall: number; mono: number }

  constructor(deps: SkewMonitorDeps) {
    this.#deps = deps
    this.#lastReading = { wall: deps.now(), mono: deps.monotonic() }
  }

  record(push: SignedPush): void {
    const { apiBase, timestamp, arrivedAt, signature, refused } = push
    if (!Number.isFinite(timestamp)) return
    this.#resetIfClockWasSet()
    const platform = this.#platformOf(apiBase)
    if (!platform || platform.samples.some((s) => s.signature === signature)) return
    const sample = { offsetMs: arrivedAt - timestamp * 1_000, at: this.#deps.monotonic(), signature, refused }
    platform.samples = [...this.#recentSamples(platform), sample].slice(-MAX_SAMPLES)
    this.#correct(platform)
    this.#warn(platform)
  }

  aheadMs(apiBase: string | null): number {
    return this.#platforms.get(apiBase)?.correctionMs ?? 0
  }

  report(): SkewReport[] {
    return [...this.#platforms.values()].map((p) => this.#reportOf(p)).filter((r) => r !== null)
  }

  reportFor(apiBase: string | null): SkewReport | null {
    const platform = this.#platforms.get(apiBase)
    const report = platform && this.#reportOf(platform)
    return report && report.samples >= FEWEST_SAMPLES ? report : null
  }

  #correct(platform: Platform): void {
    const correction = correctionOf(this.#estimate(platform, { accepted: true }), platform.correctionMs)
    if (correction === platform.correctionMs) return
    platform.correctionMs = correction
    const reference = correction === 0 ? 'this machine’s' : 'WeChat’s'
    this.#deps.log.warn(
      { api: this.#apiOf(platform.apiBase), correctionMs: correction },
      `events are counted by ${reference} clock from now on`,
    )
  }

  #resetIfClockWasSet(): void {
    const reading = { wall: this.#deps.now(), mono: this.#deps.monotonic() }
    const last = this.#lastReading
    const moved = Math.abs(reading.wall - reading.mono - (last.wall - last.mono))
    if (moved > CLOCK_SET_MS + (reading.mono - last.mono) * SLEW) this.#platforms.clear()
    this.#lastReading = reading
  }

  #platformOf(apiBase: string | null): Platform | null {
    const known = this.#platforms.get(apiBase)
    if (known) return known
    if (this.#platforms.size >= MAX_PLATFORMS) return null
    const added: Platform = { apiBase, samples: [], correctionMs: 0, warnedAt: null }
    this.#platforms.set(apiBase, added)
    return added
  }

  #recentSamples({ samples }: Platform): Sample[] {
    return samples.filter((s) => this.#deps.monotonic() - s.at < SAMPLE_LIFETIME_MS)
  }

  #estimate(platform: Platform, only: { accepted: boolean }): SkewEstimate {
    const samples = this.#recentSamples(platform).filter((s) => !only.accepted || !s.refused)
    return estimateSkew(samples.map((s) => s.offsetMs))
  }

  #warn(platform: Platform): void {
    const { log, monotonic } = this.#deps
    const report = this.#reportOf(platform)
    if (!report?.steady) return
    const { warnedAt } = platform
    if (!isLargeSkew(report)) {
      if (warnedAt !== null) log.info(report, 'this machine’s clock agrees with WeChat’s again')
      platform.warnedAt = null
      return
    }
    if (warnedAt !== null && monotonic() - warnedAt < WARN_EVERY_MS) return
    platform.warnedAt = monotonic()
    const remedy = `this machine’s clock is ${describeSkew(report.skewMs)}: set it right (NTP)`
    if (report.refused * 2 > report.samples)
      log.error(report, `callbacks are refused because of their timestamp: ${remedy}`)
    else log.warn(report, remedy)
  }

  #reportOf(platform: Platform): SkewReport | null {
    const { samples, skewMs, steady } = this.#estimate(platform, { accepted: false })
    if (skewMs === null) return null
    const refused = this.#recentSamples(platform).filter((s) => s.refused).length
    const { apiBase, correctionMs } = platform
    return { api: this.#apiOf(apiBase), samples, refused, skewMs: Math.round(skewMs), steady, correctionMs }
  }

  #apiOf(apiBase: string | null): string {
    const url = apiBase ?? this.#deps.defaultApi
    return URL.canParse(url) ? new URL(url).host : url
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
