import type { Adapter, Message } from '../adapter.ts'

const LOCK_MS = 3_000

interface Emitter {
  on(event: 'error', listener: (err: Error) => void): void
}
interface Connection {
  host: string
  port: number
}
/** What is used of BullMQ. */
interface Bullmq {
  Queue: new (
    name: string,
    options: { connection: Connection },
  ) => Emitter & {
    add(name: string, data: Message, options: object): Promise<unknown>
    remove(id: string): Promise<number>
  }
  Worker: new (
    name: string,
    work: (job: { data: Message }) => Promise<void>,
    options: { connection: Connection; concurrency: number; lockDuration: number; stalledInterval: number },
  ) => Emitter
}

/** Delayed jobs of BullMQ. Source: https://docs.bullmq.io/guide/jobs/delayed. */
export const bullmqAdapter: Adapter = {
  title: 'BullMQ',
  server: 'redis',
  canCancel: true,
  usesLibrary: true,
  // A lock that is over is noticed by the next check.
  recoveryMs: 2 * LOCK_MS + 1_000,
  settings: `concurrency 50, 5 attempts, lock and check for stalled jobs ${LOCK_MS / 1_000} s (default 30 s)`,
  async open({ url, library, send, onError }) {
    const { Queue, Worker } = await library<Bullmq>('bullmq')
    const { hostname: host, port } = new URL(url)
    const connection = { host, port: Number(port) }
    const queue = new Queue('messages', { connection })
    const worker = new Worker('messages', ({ data }) => send(data), {
      connection,
      concurrency: 50,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS,
    })
    queue.on('error', onError)
    worker.on('error', onError)
    return {
      async schedule(message) {
        const delay = Math.max(0, message.dueAt - Date.now())
        const backoff = { type: 'fixed', delay: 1_000 }
        const options = { jobId: message.id, delay, attempts: 5, backoff, removeOnComplete: true }
        await queue.add('message', message, options)
      },
      async cancel(id) {
        await queue.remove(id)
      },
    }
  },
}
