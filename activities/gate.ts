import type { WechatAnswer, WechatClient } from '../src/wechat/client.ts'
import { createBulkhead } from './bulkhead.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { createPace, type Pace, type Rate } from './pace.ts'

const MINUTE_MS = 60_000
const FULL_MS = 250
/** Those who wait come back one by one over this time. */
const SPREAD_MS = 1_000
const MINUTE_SPREAD_MS = 5_000

/** What keeps one account's trouble from the others: asked before each send, told of each answer. Of this worker only. */
export interface Gate {
  /**
   * A place, to be left at the end; or why there is none and when to ask again. Only its share of slots keeps an account's
   * `lastTry` away.
   */
  enter(appId: string, options: { lastTry: boolean }): Place | NoPlace
  /** The rate of sends that WeChat grants this account; null: not known. */
  rated(appId: string, rate: Rate | null): void
  /** WeChat said 45011 to a send: none of the account's begins before the next minute. How long one waits, ms. */
  tooFast(appId: string): number
  /** The account's client, whose answers the gate hears. */
  hearing(appId: string, client: WechatClient): WechatClient
}

interface Place {
  leave(): void
}

interface NoPlace {
  busy: string
  waitMs: number
}

/**
 * @param slots this worker's send slots in all
 * @param onChange an account's circuit has opened, or closed
 */
export function createGate(deps: {
  slots: number
  now: () => number
  random?: () => number
  onChange?: (appId: string, open: boolean) => void
}): Gate {
  const { now, random = Math.random, onChange } = deps
  const bulkhead = createBulkhead(deps.slots)
  const circuits = new Map<string, Circuit>()
  const paces = new Map<string, Pace>()
  /** Minutes since 1970 in which WeChat said 45011. */
  const fullMinutes = new Map<string, number>()

  function circuitOf(appId: string): Circuit {
    const circuit = circuits.get(appId) ?? createCircuit(now, (open) => onChange?.(appId, open))
    circuits.set(appId, circuit)
    return circuit
  }

  function paceOf(appId: string): Pace {
    const pace = paces.get(appId) ?? createPace(now)
    paces.set(appId, pace)
    return pace
  }

  const spread = (ms: number) => Math.floor(random() * ms)
  const minute = () => Math.floor(now() / MINUTE_MS)

  function closed(appId: string): NoPlace | null {
    if (fullMinutes.get(appId) === minute())
      return { busy: 'minute limit of the account (45011)', waitMs: untilNextMinute(now(), random) }
    const silent = circuitOf(appId).waitMs()
    if (silent > 0)
      return { busy: "the account's requests get no answer", waitMs: silent + spread(SPREAD_MS) }
    const paced = paceOf(appId).waitMs()
    return paced > 0 ? { busy: "the account's rate at WeChat", waitMs: paced + spread(SPREAD_MS) } : null
  }

  return {
    enter(appId, { lastTry }) {
      const noPlace = lastTry ? null : closed(appId)
      if (noPlace) return noPlace
      const release = bulkhead.take(appId)
      if (!release) return { busy: 'the account has its share of send slots', waitMs: FULL_MS }
      const noProbe = circuitOf(appId).enter()
      paceOf(appId).spend()
      return {
        leave() {
          noProbe()
          release()
        },
      }
    },
    rated: (appId, rate) => paceOf(appId).named(rate),
    tooFast(appId) {
      paceOf(appId).slower()
      fullMinutes.set(appId, minute())
      return untilNextMinute(now(), random)
    },
    hearing(appId, client) {
      const heard =
        <In extends unknown[], T>(call: (...args: In) => Promise<WechatAnswer<T>>) =>
        async (...args: In) => {
          const hear = circuitOf(appId).begin()
          const answer = await call(...args)
          hear(answer)
          return answer
        }
      return {
        ...client,
        stableToken: heard(client.stableToken),
        customSend: heard(client.customSend),
        uploadMedia: heard(client.uploadMedia),
      }
    },
  }
}

/** Time until WeChat's next minute, ms: those who wait for it (45011) come back one by one. */
export function untilNextMinute(now: number, random: () => number): number {
  return MINUTE_MS - (now % MINUTE_MS) + Math.floor(random() * MINUTE_SPREAD_MS)
}
