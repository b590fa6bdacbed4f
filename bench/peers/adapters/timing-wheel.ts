import type { Adapter, Message } from '../adapter.ts'

const SLOTS = 512
const TICK_MS = 10

/**
 * A hashed timing wheel: a message is in the slot of its tick modulo the number of slots. Source: G. Varghese and T. Lauck,
 * Hashed and Hierarchical Timing Wheels, 1987, scheme 6.
 */
export const timingWheelAdapter: Adapter = {
  title: 'hashed timing wheel',
  server: null,
  canCancel: true,
  recoveryMs: 0,
  settings: `${SLOTS} slots of ${TICK_MS} ms, in the worker`,
  async open({ send, onError }) {
    const wheel = Array.from({ length: SLOTS }, () => new Map<string, Message>())
    const slots = new Map<string, Map<string, Message>>()
    let tick = tickOf(Date.now())
    const remove = (id: string) => {
      slots.get(id)?.delete(id)
      slots.delete(id)
    }
    const turn = () => {
      for (const last = tickOf(Date.now()); tick < last; tick++) {
        for (const message of wheel[tick % SLOTS]?.values() ?? []) {
          if (tickOf(message.dueAt) > tick) continue
          remove(message.id)
          send(message).catch(onError)
        }
      }
    }
    setInterval(turn, TICK_MS)
    return {
      async schedule(message) {
        // A tick that is over already is not visited again for a whole turn.
        const slot = wheel[Math.max(tickOf(message.dueAt), tick) % SLOTS]
        if (!slot) return
        slot.set(message.id, message)
        slots.set(message.id, slot)
      },
      async cancel(id) {
        remove(id)
      },
    }
  },
}

function tickOf(ms: number): number {
  return Math.floor(ms / TICK_MS)
}
