import type { WechatAnswer } from '../../src/wechat/api/client.ts'

/** So many requests in a row without an answer open the circuit. */
const UNANSWERED_TO_OPEN = 3
const OPEN_MS = 2_000
const OPEN_MAX_MS = 30_000
/** How soon the others look again while one probes. */
const PROBE_WAIT_MS = 1_000

/**
 * Keeps sends away from an account whose requests get no answer: it opens for 2 s, 4 s … 30 s, then lets one through,
 * the probe. An answer of any kind closes it.
 */
export interface Circuit {
  /** How long a send must stay away, ms; 0 when it may come in. */
  waitMs(): number
  /** Comes in; gives the probe's place back, in case that it made no request. */
  admit(): () => void
  /** A request begins; the function takes its answer. */
  onRequest(): (answer: WechatAnswer<unknown>) => void
}

/** @param onChange told once when it opens, and once when an answer closes it; probes between are no change */
export function createCircuit(now: () => number, onChange: (open: boolean) => void = () => {}): Circuit {
  let unanswered = 0
  /** In a row, without an answer between. */
  let openings = 0
  let openedAt: number | null = null
  /** Changes when it opens and when it closes: a request that began before tells nothing of now. */
  let generation = 0
  let probe: symbol | null = null

  /** A clock that was set back must not keep it open. */
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
        // The last try at a margin, made while it is open, does not prolong it.
        if (startedIn !== generation || leftMs() > 0) return
        unanswered += 1
        if (openedAt !== null || unanswered >= UNANSWERED_TO_OPEN) open()
      }
    },
  }
}

/** A time-out, or no connection: what holds a slot and comes to nothing. */
function isUnanswered(answer: WechatAnswer<unknown>): boolean {
  return answer.kind === 'unclear'
    ? answer.after === 'timeout'
    : answer.kind === 'failed' && answer.unconnected === true
}
