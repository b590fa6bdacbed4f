import type { Client } from '@temporalio/client'
import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import { countActiveRuns } from '../store/runs/run-rows.ts'
import {
  completeSwitch,
  readNamespace,
  recordFirstNamespace,
  requestSwitch,
} from '../store/settings/temporal-namespace.ts'

/**
 * - `expected`: the namespace that the store's runs live in.
 * - `unexpected`: another one, by its id: wiped and made anew, or a mistaken address; or one that has forgotten many runs at
 *   once, as after a restore from an older backup. Nothing may be concluded from what it does not know, and nothing may be
 *   told to it.
 * - `rebuilding`: an operator has accepted it; the runs that it lacks are being started.
 * - `unknown`: it does not answer.
 */
export type NamespaceState = 'expected' | 'unexpected' | 'rebuilding' | 'unknown'

interface NamespaceView {
  state: NamespaceState
  namespace: string
  namespaceId: string | null
  /** The id of the namespace that the store's runs live in; null before the first look. */
  expected: string | null
}

export interface NamespaceGuard {
  /** Asked anew when the last answer is older than that, ms. Never throws. */
  check(maxAgeMs?: number): Promise<NamespaceView>
  /** What the last look saw. */
  latest(): NamespaceView | null
  /** Runs may be told of events, and what is missing is really missing. */
  isExpected(): Promise<boolean>
  /** Workers may poll: at home, or while runs are restored. */
  mayPoll(): Promise<boolean>
  /** It does not know this many runs that it should: until an operator accepts it, it is foreign. */
  reportMissingRuns(missing: number): Promise<void>
  /** An operator says that this engine is the right one. Null while it does not answer. */
  acceptNamespace(): Promise<NamespaceView | null>
}

const CHECK_INTERVAL_MS = 3_000
/** While it is away: it must be looked at before anything is told to it. */
const UNKNOWN_CHECK_INTERVAL_MS = 300
const CALL_TIMEOUT_MS = 3_000
/** After the id of a namespace that is not what it was: then it is not the store's any more. */
const LOST_RUNS_SUFFIX = ', before it forgot runs'
const LOG_INTERVAL_MS = 60_000

/** Compares the engine's namespace with the one that the store remembers. */
export function createNamespaceGuard(deps: {
  db: Db
  client: Client
  now: () => number
  log: Log
}): NamespaceGuard {
  const { db, client, now, log } = deps
  const { namespace } = client.options
  let lastCheck: { at: number; view: Promise<NamespaceView> } | null = null
  let latest: NamespaceView | null = null
  let loggedAt = Number.NEGATIVE_INFINITY

  async function fetchNamespaceId(): Promise<string | null> {
    try {
      const found = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
        client.workflowService.describeNamespace({ namespace }),
      )
      return found.namespaceInfo?.id || null
    } catch {
      return null
    }
  }

  async function compare(): Promise<NamespaceView> {
    try {
      const namespaceId = await fetchNamespaceId()
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
          'engine: another namespace than before; no run is under way, so it is taken',
        )
        return view('expected', namespaceId)
      }
      logUnexpected(namespaceId, stored.current)
      return view('unexpected')
    } catch (err) {
      log.warn({ err }, 'engine: the store could not say which namespace its runs live in')
      return { state: 'unknown', namespace, namespaceId: null, expected: null }
    }
  }

  function logUnexpected(namespaceId: string, expected: string): void {
    if (performance.now() - loggedAt < LOG_INTERVAL_MS) return
    loggedAt = performance.now()
    log.error(
      { namespace, namespaceId, expected },
      'engine: this is not the namespace that the runs in the store live in: its database was wiped or restored from an older backup, or the address or TEMPORAL_NAMESPACE is wrong. Callbacks are kept, nothing is sent, no run is given up. Correct the address, or say `nurture temporal accept`: active runs are then started here from the store',
    )
  }

  function check(maxAgeMs = CHECK_INTERVAL_MS): Promise<NamespaceView> {
    const age = lastCheck ? performance.now() - lastCheck.at : Number.POSITIVE_INFINITY
    if (lastCheck && age <= (latest?.state === 'unknown' ? UNKNOWN_CHECK_INTERVAL_MS : maxAgeMs))
      return lastCheck.view
    const view = compare().then((result) => {
      latest = result
      return result
    })
    lastCheck = { at: performance.now(), view }
    return view
  }

  return {
    check,
    latest: () => latest,
    isExpected: async () => (await check()).state === 'expected',
    async mayPoll() {
      const { state } = await check()
      return state === 'expected' || state === 'rebuilding'
    },
    async reportMissingRuns(missing) {
      const namespaceId = await fetchNamespaceId()
      if (namespaceId === null) return
      await completeSwitch(db, `${namespaceId}${LOST_RUNS_SUFFIX}`, now())
      lastCheck = null
      log.error(
        { namespace, namespaceId, missing },
        'engine: many runs that the store knows as active are unknown to Temporal. Was it restored from an older backup? None is given up',
      )
      await check()
    },
    async acceptNamespace() {
      const namespaceId = await fetchNamespaceId()
      if (namespaceId === null) return null
      await requestSwitch(db, { namespaceId, after: '' }, now())
      lastCheck = null
      return check()
    },
  }
}
