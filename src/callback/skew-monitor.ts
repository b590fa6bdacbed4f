import type { Log } from '../shared/log.ts'
import { HOUR_MS, MINUTE_MS } from '../shared/time-units.ts'
import {
  correctionOf,
  estimateSkew,
  FEWEST_SAMPLES,
  LARGE_SKEW_MS,
  type SkewEstimate,
} from '../wechat/callback/clock-skew.ts'
import type { OpenedCallback } from '../wechat/callback/envelope.ts'

/** A push with a valid signature. */
export interface SignedPush {
  /** The account's own `apiBase`, whose platform has its own clock; null: WeChat. */
  apiBase: string | null
  /** The query's `timestamp`, s. */
  timestamp: number
  /** Time of arrival by this machine's clock, epoch ms. */
  arrivedAt: number
  /** Identifies the push. A repeated push is no new sample, whoever sent it. */
  signature: string
  /** True when the push was refused because its `timestamp` was too far from this machine's clock. */
  refused: boolean
}

export interface SkewReport {
  /** Host of the platform's API. */
  api: string
  samples: number
  /** How many samples were refused because of their `timestamp`. */
  refused: number
  /** This machine's clock minus WeChat's, ms. */
  skewMs: number
  steady: boolean
  /** Added to WeChat's times of new events, ms. */
  correctionMs: number
}

export interface SkewMonitor {
  record(push: SignedPush): void
  /** The correction of WeChat's times to this machine's clock, ms; 0 for none. */
  aheadMs(apiBase: string | null): number
  /** A report for each platform that has pushed within the last hour. */
  report(): SkewReport[]
  /** The report of one platform; null until there are enough samples. */
  reportFor(apiBase: string | null): SkewReport | null
}

/** Records the clock of a push whose signature is valid. */
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
const SAMPLE_LIFETIME_MS = HOUR_MS
/** A jump of the clock by more than this means that the clock was set, so earlier samples are invalid. */
const CLOCK_SET_MS = 1_000
/** The largest rate at which NTP slews a clock, above its real one of 0.0005. */
const SLEW = 0.001
const WARN_EVERY_MS = 10 * MINUTE_MS
/** Bounds the memory. One process serves far fewer platforms. */
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
  /** API of accounts without an own `apiBase`. */
  defaultApi: string
  now(): number
  /** A monotonic clock, ms. */
  monotonic(): number
  log: Log
}

/** Measures this machine's clock against each platform's by the pushes of the last hour, and warns about a large difference. */
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
      `event times now follow ${reference} clock`,
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
      if (warnedAt !== null) log.info(report, 'this machine’s clock agrees with WeChat’s clock again')
      platform.warnedAt = null
      return
    }
    if (warnedAt !== null && monotonic() - warnedAt < WARN_EVERY_MS) return
    platform.warnedAt = monotonic()
    const remedy = `this machine’s clock is ${describeSkew(report.skewMs)}: synchronise it (NTP)`
    if (report.refused * 2 > report.samples)
      log.error(report, `callbacks are refused because of their timestamp; ${remedy}`)
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

/** True for a skew that is large enough to matter, measured by enough samples. */
export function isLargeSkew({ samples, skewMs }: Pick<SkewReport, 'samples' | 'skewMs'>): boolean {
  return samples >= FEWEST_SAMPLES && Math.abs(skewMs) >= LARGE_SKEW_MS
}

/** For people: `70 s ahead of WeChat’s`. */
export function describeSkew(skewMs: number): string {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1)
  return `${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} WeChat’s`
}
