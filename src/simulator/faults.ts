/** Something that goes wrong for the next `times` calls; filters narrow it down. */
export interface Fault {
  /** Part of the API path, like `custom/send` or `stable_token`; absent: every call. */
  api?: string
  appId?: string
  openId?: string
  times?: number
  errcode?: number
  /** Answer with this status and no JSON. */
  status?: number
  latencyMs?: number
  /** `before`: nothing happens and no answer comes; `after`: it is done, and no answer comes. */
  hang?: 'before' | 'after'
  /** The connection breaks: before anything is done, or after. */
  reset?: 'before' | 'after'
}

export interface FaultBox {
  add(fault: Fault): void
  clear(): void
  list(): Fault[]
  /** The fault that hits this call, counted down; null when none does. */
  take(call: { path: string; appId: string | null; openId: string | null }): Fault | null
}

export function createFaults(): FaultBox {
  let faults: (Fault & { left: number })[] = []
  return {
    add: (fault) => {
      faults.push({ ...fault, left: fault.times ?? 1 })
    },
    clear: () => {
      faults = []
    },
    list: () => faults.map(({ left, ...fault }) => ({ ...fault, times: left })),
    take({ path, appId, openId }) {
      const hit = faults.find(
        (f) =>
          (!f.api || path.includes(f.api)) &&
          (!f.appId || f.appId === appId) &&
          (!f.openId || f.openId === openId),
      )
      if (!hit) return null
      hit.left -= 1
      faults = faults.filter((f) => f.left > 0)
      return hit
    },
  }
}
