import type { WechatAnswer } from '../../src/wechat/api/client.ts'

/** This many consecutive requests without an answer open the circuit. */
const UNANSWERED_TO_OPEN = 3
const OPEN_MS = 2_000
const OPEN_MAX_MS = 30_000
/** How soon other sends check again while a probe is running. */
const PROBE_WAIT_MS = 1_000

/**
 * A circuit breaker for an account whose requests get no answer. It opens for 2 s, 4 s … 30 s and then admits one send, the
 * probe. An answer of any kind closes it.
 */
export interface Circuit {
  /** How long a send must wait, ms; 0 when it is admitted. */
  waitMs(): number
  /** Admits a send, as the probe when the open time is over. The returned function ends a probe that made no request. */
  admit(): () => void
  /** Notes that a request starts. Call the returned function with its answer. */
  onRequest(): (answer: WechatAnswer<unknown>) => void
}

/** @param onChange called once when the circuit opens and once when an answer closes it, not for the probes between */
export function createCircuit(now: () => number, onChange: (open: boolean) => void = () => {}): Circuit {
  let unanswered = 0
  /** How often it opened without an answer between. */
  let openings = 0
  let openedAt: number | null = null
  /** Rises when it opens and when it closes, so that a request from before the change is ignored. */
  let generation = 0
  let probe: symbol | null = null

  /** Time for which it stays open, ms. A clock that was set back does not prolong it. */
  function leftMs(): number {
    if (openedAt === null) return 0
    const openForMs = now() - openedAt
    return openForMs < 0 ? 0 : Math.max(0, Math.min(OPEN_MAX_MS, OPEN_MS * 2 ** (openings - 1)) - openForMs)
  }

  function open(): void {
    if (openedAt === null) onChange(true)
    unanswered = 0
    openings += 1
    openedAt = now()
    generation += 1
    probe = null
  }

  function close(): void {
    unanswered = 0
    openings = 0
    if (openedAt !== null) {
      generation += 1
      onChange(false)
    }
    openedAt = null
    probe = null
  }

  return {
    waitMs: () => leftMs() || (probe ? PROBE_WAIT_MS : 0),
    admit() {
      if (openedAt === null || leftMs() > 0 || probe) return () => {}
      const ownProbe = Symbol('probe')
      probe = ownProbe
      return () => {
        if (probe === ownProbe) probe = null
      }
    },
    onRequest() {
      const startedIn = generation
      return (answer) => {
        if (!isUnanswered(answer)) return close()
        // A last attempt at a margin is admitted while the circuit is open. It does not prolong the open time.
        if (startedIn !== generation || leftMs() > 0) return
        unanswered += 1
        if (openedAt !== null || unanswered >= UNANSWERED_TO_OPEN) open()
      }
    },
  }
}

/** True for a time-out and for a failed connection, which occupy a slot without a result. */
function isUnanswered(answer: WechatAnswer<unknown>): boolean {
  return answer.kind === 'unclear'
    ? answer.after === 'timeout'
    : answer.kind === 'failed' && answer.unconnected === true
}
