import type { Random } from '../harness/random.ts'

/** A planned fault: when it begins (ms after the start) and how long it lasts. */
export interface PlannedFault {
  kind: FaultKind
  /** The name of a process, or an API path. */
  target: string
  atMs: number
  lastsMs: number
}

const PROCESS_FAULTS = ['kill', 'pause'] as const
const WECHAT_FAULTS = [
  'busy',
  'hangs-before',
  'hangs-after',
  'breaks-before',
  'breaks-after',
  'http-500',
  'slow',
  'token-refused',
] as const
const CALLBACK_FAULTS = ['answers-lost', 'clocks-moved'] as const

export type FaultKind =
  | (typeof PROCESS_FAULTS)[number]
  | (typeof WECHAT_FAULTS)[number]
  | (typeof CALLBACK_FAULTS)[number]
  | 'disk-full'

/** The target of a kind of fault: a process, the store's disk, WeChat's API, or callbacks. */
export function areaOf(kind: FaultKind): 'process' | 'disk' | 'wechat' | 'callbacks' {
  if (kind === 'disk-full') return 'disk'
  if ((PROCESS_FAULTS as readonly string[]).includes(kind)) return 'process'
  return (CALLBACK_FAULTS as readonly string[]).includes(kind) ? 'callbacks' : 'wechat'
}

/** Restricts faults to these kinds, and to the processes with a matching name where there is one. */
export interface Focus {
  processes: RegExp
  kinds: readonly FaultKind[]
}

/**
 * Plans three parallel lanes of faults: processes and disk, WeChat's API, callbacks. In each lane a fault begins some seconds
 * after the last one has ended. Every process is hit once before any is hit again.
 */
export function planFaults(
  random: Random,
  plan: { forMs: number; processes: readonly string[]; disk: boolean; focus?: Focus | undefined },
): PlannedFault[] {
  const { focus } = plan
  const included = <K extends FaultKind>(kinds: readonly K[]) =>
    kinds.filter((kind) => !focus || focus.kinds.includes(kind))
  const named = plan.processes.filter((name) => focus?.processes.test(name))
  const targets = named.length > 0 ? named : plan.processes
  const processes = cycle(random, plan.disk && !focus ? [...targets, 'disk'] : targets)
  const wechat = cycle(random, included(WECHAT_FAULTS))
  return [
    ...planLane(included(PROCESS_FAULTS), [3_000, 9_000], [1_000, 9_000], (kinds) => {
      const target = processes()
      return { kind: target === 'disk' ? 'disk-full' : random.pick(kinds), target }
    }),
    ...planLane(included(WECHAT_FAULTS), [3_000, 9_000], [2_000, 13_000], () => ({
      kind: wechat(),
      target: 'custom/send',
    })),
    ...planLane(included(CALLBACK_FAULTS), [8_000, 20_000], [3_000, 10_000], (kinds) => ({
      kind: random.pick(kinds),
      target: 'callbacks',
    })),
  ].sort((a, b) => a.atMs - b.atMs)

  function planLane<K extends FaultKind>(
    kinds: readonly K[],
    gapMs: [number, number],
    lastsMs: [number, number],
    what: (kinds: readonly K[]) => Pick<PlannedFault, 'kind' | 'target'>,
  ): PlannedFault[] {
    const faults: PlannedFault[] = []
    if (kinds.length === 0) return faults
    for (let atMs = random.integerBetween(...gapMs); ; ) {
      const fault = { ...what(kinds), atMs, lastsMs: random.integerBetween(...lastsMs) }
      if (atMs + fault.lastsMs > plan.forMs) return faults
      faults.push(fault)
      atMs += fault.lastsMs + random.integerBetween(...gapMs)
    }
  }
}

/** Yields all items round after round, each round in a new random order. */
function cycle<T>(random: Random, items: readonly T[]): () => T {
  let left: T[] = []
  return () => {
    if (left.length === 0) left = [...items]
    const [picked] = left.splice(random.integerBetween(0, left.length), 1)
    return picked as T
  }
}
