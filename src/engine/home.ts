import type { Client } from '@temporalio/client'
import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { adoptEngine, readEngineHome, settleEngine, wishEngine } from '../store/engine-home.ts'
import { countActiveRuns } from '../store/runs.ts'

/**
 * - `home`: the namespace that the store's runs live in.
 * - `foreign`: another one, by its id: wiped and made anew, or a mistaken address; or one that has forgotten many runs at
 *   once, as after a restore from an older backup. Nothing may be concluded from what it does not know, and nothing may be
 *   told to it.
 * - `restoring`: an operator has accepted it; the runs that it lacks are being started.
 * - `unknown`: it does not answer.
 */
type EngineHomeState = 'home' | 'foreign' | 'restoring' | 'unknown'

interface EngineHomeView {
  state: EngineHomeState
  namespace: string
  namespaceId: string | null
  /** The id of the namespace that the store's runs live in; null before the first look. */
  expected: string | null
}

export interface EngineHome {
  /** Asked anew when the last answer is older than that, ms. Never throws. */
  look(maxAgeMs?: number): Promise<EngineHomeView>
  /** What the last look saw. */
  last(): EngineHomeView | null
  /** Runs may be told of events, and what is missing is really missing. */
  isHome(): Promise<boolean>
  /** Workers may poll: at home, or while runs are restored. */
  mayPoll(): Promise<boolean>
  /** It does not know this many runs that it should: until an operator accepts it, it is foreign. */
  doubt(missing: number): Promise<void>
  /** An operator says that this engine is the right one. Null while it does not answer. */
  accept(): Promise<EngineHomeView | null>
}

const LOOK_AGAIN_MS = 3_000
/** While it is away: it must be looked at before anything is told to it. */
const UNKNOWN_AGAIN_MS = 300
const CALL_MS = 3_000
/** After the id of a namespace that is not what it was: then it is not the store's any more. */
const FORGETFUL = ', before it forgot runs'
const TELL_EVERY_MS = 60_000

/** Compares the engine's namespace with the one that the store remembers. */
export function createEngineHome(deps: { db: Db; client: Client; now: () => number; log: Log }): EngineHome {
  const { db, client, now, log } = deps
  const { namespace } = client.options
  let asked: { at: number; view: Promise<EngineHomeView> } | null = null
  let last: EngineHomeView | null = null
  let toldAt = Number.NEGATIVE_INFINITY

  async function idOfNamespace(): Promise<string | null> {
    try {
      const found = await client.withDeadline(Date.now() + CALL_MS, () =>
        client.workflowService.describeNamespace({ namespace }),
      )
      return found.namespaceInfo?.id || null
    } catch {
      return null
    }
  }

  async function compare(): Promise<EngineHomeView> {
    try {
      const namespaceId = await idOfNamespace()
      const known = await readEngineHome(db)
      const view = (state: EngineHomeState, expected = known.home): EngineHomeView => ({
        state,
        namespace,
        namespaceId,
        expected,
      })
      if (namespaceId === null) return view('unknown')
      if (known.wish?.namespaceId === namespaceId) return view('restoring')
      if (known.home === namespaceId) return view('home')
      if (known.home === null) {
        await adoptEngine(db, namespaceId, now())
        return view('home', namespaceId)
      }
      if ((await countActiveRuns(db)) === 0) {
        await settleEngine(db, namespaceId, now())
        log.warn(
          { namespace, namespaceId, before: known.home },
          'engine: another namespace than before; no run is under way, so it is taken',
        )
        return view('home', namespaceId)
      }
      tell(namespaceId, known.home)
      return view('foreign')
    } catch (err) {
      log.warn({ err }, 'engine: the store could not say which namespace its runs live in')
      return { state: 'unknown', namespace, namespaceId: null, expected: null }
    }
  }

  function tell(namespaceId: string, expected: string): void {
    if (performance.now() - toldAt < TELL_EVERY_MS) return
    toldAt = performance.now()
    log.error(
      { namespace, namespaceId, expected },
      'engine: this is not the namespace that the runs in the store live in: its database was wiped or restored from an older backup, or the address or TEMPORAL_NAMESPACE is wrong. Callbacks are kept, nothing is sent, no run is given up. Correct the address, or say `nurture engine accept`: active runs are then started here from the store',
    )
  }

  function look(maxAgeMs = LOOK_AGAIN_MS): Promise<EngineHomeView> {
    const age = asked ? performance.now() - asked.at : Number.POSITIVE_INFINITY
    if (asked && age <= (last?.state === 'unknown' ? UNKNOWN_AGAIN_MS : maxAgeMs)) return asked.view
    const view = compare().then((seen) => {
      last = seen
      return seen
    })
    asked = { at: performance.now(), view }
    return view
  }

  return {
    look,
    last: () => last,
    isHome: async () => (await look()).state === 'home',
    async mayPoll() {
      const { state } = await look()
      return state === 'home' || state === 'restoring'
    },
    async doubt(missing) {
      const namespaceId = await idOfNamespace()
      if (namespaceId === null) return
      await settleEngine(db, `${namespaceId}${FORGETFUL}`, now())
      asked = null
      log.error(
        { namespace, namespaceId, missing },
        'engine: many runs that the store knows as active are unknown to Temporal. Was it restored from an older backup? None is given up',
      )
      await look()
    },
    async accept() {
      const namespaceId = await idOfNamespace()
      if (namespaceId === null) return null
      await wishEngine(db, { namespaceId, after: '' }, now())
      asked = null
      return look()
    },
  }
}
