import type { WechatAnswer } from '../src/wechat/client.ts'

/** So many requests in a row without an answer open the circuit. */
const SILENT_IN_A_ROW = 3
const OPEN_MS = 2_000
const OPEN_MAX_MS = 30_000
/** How soon the others look again while one probes. */
const PROBED_MS = 1_000

/**
 * Keeps sends away from an account whose requests get no answer: it opens for 2 s, 4 s … 30 s, then lets one through,
 * the probe. An answer of any kind closes it.
 */
export interface Circuit {
  /** How long a send must stay away, ms; 0 when it may come in. */
  waitMs(): number
  /** Comes in; gives the probe's place back, in case that it made no request. */
  enter(): () => void
  /** A request begins; the function takes its answer. */
  begin(): (answer: WechatAnswer<unknown>) => void
}

/** @param onChange told once when it opens, and once when an answer closes it; probes between are no change */
export function createCircuit(now: () => number, onChange: (open: boolean) => void = () => {}): Circuit {
  let silent = 0
  /** In a row, without an answer between. */
  let openings = 0
  let openedAt: number | null = null
  /** Changes when it opens and when it closes: a request that began before tells nothing of now. */
  let era = 0
  let probe: symbol | null = null

  /** A clock that was set back must not keep it open. */
  function leftMs(): number {
    if (openedAt === null) return 0
    const since = now() - openedAt
    return since < 0 ? 0 : Math.max(0, Math.min(OPEN_MAX_MS, OPEN_MS * 2 ** (openings - 1)) - since)
  }

  function open(): void {
    if (openedAt === null) onChange(true)
    silent = 0
    openings += 1
    openedAt = now()
    era += 1
    probe = null
  }

  function close(): void {
    silent = 0
    openings = 0
    if (openedAt !== null) {
      era += 1
      onChange(false)
    }
    openedAt = null
    probe = null
  }

  return {
    waitMs: () => leftMs() || (probe ? PROBED_MS : 0),
    enter() {
      if (openedAt === null || leftMs() > 0 || probe) return () => {}
      const mine = Symbol('probe')
      probe = mine
      return () => {
        if (probe === mine) probe = null
      }
    },
    begin() {
      const began = era
      return (answer) => {
        if (!isSilence(answer)) return close()
        // The last try at a margin, made while it is open, does not prolong it.
        if (began !== era || leftMs() > 0) return
        silent += 1
        if (openedAt !== null || silent >= SILENT_IN_A_ROW) open()
      }
    },
  }
}

/** A time-out, or no connection: what holds a slot and comes to nothing. */
function isSilence(answer: WechatAnswer<unknown>): boolean {
  return answer.kind === 'unclear'
    ? answer.after === 'timeout'
    : answer.kind === 'failed' && answer.unconnected === true
}
