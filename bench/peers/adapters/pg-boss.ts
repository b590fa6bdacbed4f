import type { Adapter, Message } from '../adapter.ts'

const EXPIRE_S = 3
const QUEUE = 'messages'

/** What is used of pg-boss. */
interface Boss {
  on(event: 'error', listener: (err: Error) => void): void
  start(): Promise<unknown>
  createQueue(name: string): Promise<void>
  work(name: string, options: object, work: (jobs: { data: Message }[]) => Promise<unknown>): Promise<string>
  send(name: string, data: Message, options: object): Promise<string | null>
  deleteJob(name: string, id: string): Promise<unknown>
}

/** Jobs of pg-boss that start later. Source: https://pgboss.io/api/jobs. */
export const pgBossAdapter: Adapter = {
  title: 'pg-boss',
  server: 'postgres',
  canCancel: true,
  usesLibrary: true,
  needsNode22: true,
  recoveryMs: (EXPIRE_S + 4) * 1_000,
  settings: `batches of 100, a poll each 1 s (default 2 s), expiry after ${EXPIRE_S} s (default 15 min) checked each 1 s (default 60 s)`,
  async open({ url: connectionString, library, send, onError }) {
    const { PgBoss } = await library<{ PgBoss: new (options: object) => Boss }>('pg-boss')
    const boss = new PgBoss({
      connectionString,
      max: 20,
      superviseIntervalSeconds: 1,
      monitorIntervalSeconds: 1,
    })
    boss.on('error', onError)
    await boss.start()
    await boss.createQueue(QUEUE)
    await boss.work(QUEUE, { batchSize: 100, pollingIntervalSeconds: 1, burstWhenBatchFull: true }, (jobs) =>
      Promise.all(jobs.map((job) => send(job.data))),
    )
    /** pg-boss requires a UUID as id, so it makes them. */
    const jobs = new Map<string, string>()
    return {
      async schedule(message) {
        const startAfter = new Date(message.dueAt)
        const options = { startAfter, retryLimit: 5, expireInSeconds: EXPIRE_S }
        const id = await boss.send(QUEUE, message, options)
        if (!id) throw new Error(`pg-boss did not accept ${message.id}`)
        jobs.set(message.id, id)
      },
      async cancel(id) {
        const job = jobs.get(id)
        if (job) await boss.deleteJob(QUEUE, job)
      },
    }
  },
}
