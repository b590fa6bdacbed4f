import type { Client } from '@temporalio/client'
import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import { countActiveRuns } from '../store/runs/run-rows.ts'
import { completeSwitch, readNamespace, recordFirstNamespace } from '../store/settings/temporal-namespace.ts'

/**
 * - `expected`: the namespace that holds the runs of the store.
 * - `unexpected`: another namespace, by its id. Its database was wiped, the address is wrong, or it lost many runs at once,
 *   as after a restore from an older backup. What it does not know proves nothing, and it gets no calls.
 * - `rebuilding`: an operator accepted it, and the runs that it lacks are being started.
 * - `unknown`: it does not answer.
 */
export type NamespaceState = 'expected' | 'unexpected' | 'rebuilding' | 'unknown'

export interface NamespaceView {
  state: NamespaceState
  namespace: string
  namespaceId: string | null
  /** The id of the namespace that holds the runs of the store; null before the first comparison. */
  expected: string | null
}

export interface NamespaceComparisonDeps {
  db: Db
  client: Client
  /** Real time, epoch ms. */
  now: () => number
  log: Log
}

const CALL_TIMEOUT_MS = 3_000
const LOG_INTERVAL_MS = 60_000

/** Compares the namespace that Temporal serves with the one that the store has recorded. */
export class NamespaceComparison {
  readonly #deps: NamespaceComparisonDeps
  readonly #namespace: string
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(deps: NamespaceComparisonDeps) {
    this.#deps = deps
    this.#namespace = deps.client.options.namespace
  }

  /** The id of the namespace; null while Temporal does not answer. */
  async fetchNamespaceId(): Promise<string | null> {
    const { client } = this.#deps
    try {
      const found = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
        client.workflowService.describeNamespace({ namespace: this.#namespace }),
      )
      return found.namespaceInfo?.id || null
    } catch {
      return null
    }
  }

  /** Records the first namespace of a new store, and a changed one while no run is active. Never throws. */
  async compare(): Promise<NamespaceView> {
    const { db, now, log } = this.#deps
    const namespace = this.#namespace
    try {
      const namespaceId = await this.fetchNamespaceId()
      const stored = await readNamespace(db)
      const view = (state: NamespaceState, expected = stored.current): NamespaceView => ({
        state,
        namespace,
        namespaceId,
        expected,
      })
      if (namespaceId === null) return view('unknown')
      if (stored.requested?.namespaceId === namespaceId) return view('rebuilding')
      if (stored.current === namespaceId) return view('expected')
      if (stored.current === null) {
        await recordFirstNamespace(db, namespaceId, now())
        return view('expected', namespaceId)
      }
      if ((await countActiveRuns(db)) === 0) {
        await completeSwitch(db, namespaceId, now())
        log.warn(
          { namespace, namespaceId, before: stored.current },
          'temporal: the namespace has changed; it is accepted, because no run is active',
        )
        return view('expected', namespaceId)
      }
      this.#logUnexpected(namespaceId, stored.current)
      return view('unexpected')
    } catch (err) {
      log.warn({ err }, 'temporal: the expected namespace could not be read from the store')
      return { state: 'unknown', namespace, namespaceId: null, expected: null }
    }
  }

  #logUnexpected(namespaceId: string, expected: string): void {
    if (performance.now() - this.#loggedAt < LOG_INTERVAL_MS) return
    this.#loggedAt = performance.now()
    this.#deps.log.error(
      { namespace: this.#namespace, namespaceId, expected },
      'temporal: unexpected namespace. The runs of the store are in another one: the database of Temporal was wiped or restored from an older backup, or TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE is wrong. Callbacks are stored, nothing is sent, and no run is ended. Correct the address, or run `nurture temporal accept`: active runs are then started here from the store',
    )
  }
}
