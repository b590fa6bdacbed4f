import { z } from 'zod'

const at = z.enum(['before', 'after'])

const fault = z.strictObject({
  /** Part of the API path, like `custom/send` or `stable_token`; absent: every call. */
  api: z.string().min(1).optional(),
  appId: z.string().min(1).optional(),
  openId: z.string().min(1).optional(),
  times: z.int().min(1).optional(),
  errcode: z.int().optional(),
  /** Answer with this status and no JSON. */
  status: z.int().min(200).max(599).optional(),
  latencyMs: z.int().min(1).optional(),
  /** `before`: nothing happens and no answer comes; `after`: it is done, and no answer comes. */
  hang: at.optional(),
  /** The connection breaks: before anything is done, or after. */
  reset: at.optional(),
})

/** Something that goes wrong for the next `times` calls; filters narrow it down. */
export type Fault = z.output<typeof fault>

/** What `POST /_sim/faults` takes: a fault, or one of the two that stand alone. */
export type FaultOrder = Fault | { invalidateToken: string } | { duplicateCallback: number }

const EFFECTS = ['errcode', 'status', 'latencyMs', 'hang', 'reset'] as const
const token = z.strictObject({ invalidateToken: z.string().min(1) })
const callback = z.strictObject({ duplicateCallback: z.int().min(1) })

/**
 * A misspelled field must not become a fault that hits every call, or does nothing.
 * @throws Error that names the fields which are not valid
 */
export function readFault(body: unknown): FaultOrder {
  const schema = has(body, 'invalidateToken') ? token : has(body, 'duplicateCallback') ? callback : fault
  const read = schema.safeParse(body)
  if (!read.success)
    throw new Error(`fault: ${read.error.issues.map((i) => [...i.path, i.message].join(': ')).join('; ')}`)
  if (schema === fault && !EFFECTS.some((effect) => has(read.data, effect)))
    throw new Error(`fault: say what happens: one of ${EFFECTS.join(', ')}`)
  return read.data
}

function has(body: unknown, field: string): boolean {
  return typeof body === 'object' && body !== null && field in body
}

/** The faults that are switched on. */
export class Faults {
  #faults: (Fault & { left: number })[] = []

  add(fault: Fault): void {
    this.#faults.push({ ...fault, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#faults = []
  }

  list(): Fault[] {
    return this.#faults.map(({ left, ...fault }) => ({ ...fault, times: left }))
  }

  /** The fault that applies to this call, counted down; null when none does. */
  take({ path, appId, openId }: { path: string; appId: string | null; openId: string | null }): Fault | null {
    const hit = this.#faults.find(
      (f) =>
        (!f.api || path.includes(f.api)) &&
        (!f.appId || f.appId === appId) &&
        (!f.openId || f.openId === openId),
    )
    if (!hit) return null
    hit.left -= 1
    this.#faults = this.#faults.filter((f) => f.left > 0)
    return hit
  }
}
