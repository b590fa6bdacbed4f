import { z } from 'zod'

const at = z.enum(['before', 'after'])

const fault = z.strictObject({
  /** Part of the API path, like `custom/send` or `stable_token`. Absent: every call. */
  api: z.string().min(1).optional(),
  appId: z.string().min(1).optional(),
  openId: z.string().min(1).optional(),
  times: z.int().min(1).optional(),
  errcode: z.int().optional(),
  /** Answers with this status, without JSON. */
  status: z.int().min(200).max(599).optional(),
  latencyMs: z.int().min(1).optional(),
  /** Never answers. `before`: the call is not carried out; `after`: it is. */
  hang: at.optional(),
  /** Breaks the connection. `before`: the call is not carried out; `after`: it is. */
  reset: at.optional(),
})

/** Changes the answer of the next `times` calls that match the filters. */
export type Fault = z.output<typeof fault>

/** The body of `POST /_sim/faults`: a fault, or one of the two other orders. */
export type FaultOrder = Fault | { invalidateToken: string } | { duplicateCallback: number }

const EFFECTS = ['errcode', 'status', 'latencyMs', 'hang', 'reset'] as const
const token = z.strictObject({ invalidateToken: z.string().min(1) })
const callback = z.strictObject({ duplicateCallback: z.int().min(1) })

/**
 * Reads a fault. A misspelled field must not become a fault that applies to every call, or one without effect.
 * @throws Error that names the invalid fields
 */
export function readFault(body: unknown): FaultOrder {
  const schema = has(body, 'invalidateToken') ? token : has(body, 'duplicateCallback') ? callback : fault
  const read = schema.safeParse(body)
  if (!read.success)
    throw new Error(`fault: ${read.error.issues.map((i) => [...i.path, i.message].join(': ')).join('; ')}`)
  if (schema === fault && !EFFECTS.some((effect) => has(read.data, effect)))
    throw new Error(`fault: give at least one of ${EFFECTS.join(', ')}`)
  return read.data
}

function has(body: unknown, field: string): boolean {
  return typeof body === 'object' && body !== null && field in body
}

/** The active faults. */
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

  /** The fault that applies to this call, with one call counted off; null when none applies. */
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
