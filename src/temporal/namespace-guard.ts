import { completeSwitch, requestSwitch } from '../store/settings/temporal-namespace.ts'
import { NamespaceComparison, type NamespaceComparisonDeps, type NamespaceView } from './compare-namespace.ts'

export interface NamespaceGuard {
  /** The result of a comparison that is at most `maxAgeMs` old. Never throws. */
  check(maxAgeMs?: number): Promise<NamespaceView>
  /** The result of the last comparison; null before the first. */
  latest(): NamespaceView | null
  /** True while runs may get signals, and a run that Temporal does not know is really missing. */
  isExpected(): Promise<boolean>
  /** True while workers may poll: in the expected namespace, or while its runs are rebuilt. */
  mayPoll(): Promise<boolean>
  /** Temporal does not know this many runs that it should. The namespace is unexpected until an operator accepts it. */
  reportMissingRuns(missing: number): Promise<void>
  /** An operator accepts the namespace that Temporal serves now. Null while Temporal does not answer. */
  acceptNamespace(): Promise<NamespaceView | null>
}

const CHECK_INTERVAL_MS = 3_000
/** After an outage the namespace must be compared before it gets a call. */
const UNKNOWN_CHECK_INTERVAL_MS = 300
/** Marks a recorded namespace id that has lost runs, so that the id no longer matches. */
const LOST_RUNS_SUFFIX = ', before it lost runs'

/** Keeps runs and events away from a Temporal namespace that does not hold the runs of this store. */
export function createNamespaceGuard(deps: NamespaceComparisonDeps): NamespaceGuard {
  const { db, client, now, log } = deps
  const comparison = new NamespaceComparison(deps)
  const cache = new CachedComparison(comparison)
  return {
    check: (maxAgeMs) => cache.check(maxAgeMs),
    latest: () => cache.latest,
    isExpected: async () => (await cache.check()).state === 'expected',
    async mayPoll() {
      const { state } = await cache.check()
      return state === 'expected' || state === 'rebuilding'
    },
    async reportMissingRuns(missing) {
      const namespaceId = await comparison.fetchNamespaceId()
      if (namespaceId === null) return
      await completeSwitch(db, `${namespaceId}${LOST_RUNS_SUFFIX}`, now())
      cache.invalidate()
      log.error(
        { namespace: client.options.namespace, namespaceId, missing },
        'temporal: many active runs of the store are missing, as after a restore of Temporal from an older backup. No run is ended',
      )
      await cache.check()
    },
    async acceptNamespace() {
      const namespaceId = await comparison.fetchNamespaceId()
      if (namespaceId === null) return null
      await requestSwitch(db, { namespaceId, after: '' }, now())
      cache.invalidate()
      return cache.check()
    },
  }
}

/** Shares one comparison between all callers for some seconds. */
class CachedComparison {
  readonly #comparison: NamespaceComparison
  #current: { at: number; view: Promise<NamespaceView> } | null = null
  #latest: NamespaceView | null = null

  constructor(comparison: NamespaceComparison) {
    this.#comparison = comparison
  }

  get latest(): NamespaceView | null {
    return this.#latest
  }

  check(maxAgeMs = CHECK_INTERVAL_MS): Promise<NamespaceView> {
    const current = this.#current
    const age = current ? performance.now() - current.at : Number.POSITIVE_INFINITY
    const limit = this.#latest?.state === 'unknown' ? UNKNOWN_CHECK_INTERVAL_MS : maxAgeMs
    if (current && age <= limit) return current.view
    const view = this.#comparison.compare().then((result) => {
      this.#latest = result
      return result
    })
    this.#current = { at: performance.now(), view }
    return view
  }

  invalidate(): void {
    this.#current = null
  }
}
