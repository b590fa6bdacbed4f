import type { Adapter } from '../adapter.ts'

/** One timer of the process for each message. */
export const setTimeoutAdapter: Adapter = {
  title: 'setTimeout',
  server: null,
  canCancel: true,
  recoveryMs: 0,
  settings: 'one timer a message, in the worker',
  async open({ send, onError }) {
    const timers = new Map<string, NodeJS.Timeout>()
    return {
      async schedule(message) {
        const fire = () => {
          timers.delete(message.id)
          send(message).catch(onError)
        }
        timers.set(message.id, setTimeout(fire, message.dueAt - Date.now()))
      },
      async cancel(id) {
        clearTimeout(timers.get(id))
        timers.delete(id)
      },
    }
  },
}
