import type { Adapter, Message } from '../adapter.ts'

interface Utils {
  withPgClient(
    work: (client: { query(sql: string, values: string[]): Promise<unknown> }) => Promise<unknown>,
  ): Promise<unknown>
}
/** What is used of graphile-worker. */
interface GraphileWorker {
  Logger: new (log: () => () => void) => object
  run(options: object): Promise<{ addJob(task: string, message: Message, spec: object): Promise<unknown> }>
  makeWorkerUtils(options: object): Promise<Utils>
}

/**
 * Jobs of graphile-worker that run later. The jobs of a killed worker stay locked for four hours. Source:
 * https://worker.graphile.org/docs/performance and https://worker.graphile.org/docs/error-handling.
 */
export const graphileWorkerAdapter: Adapter = {
  title: 'graphile-worker',
  server: 'postgres',
  canCancel: true,
  usesLibrary: true,
  needsNode22: true,
  recoveryMs: 2_000,
  settings:
    'concurrency 50, pool 20, a poll each 1 s (default 2 s); a killed worker’s jobs stay locked for 4 h',
  async open({ url: connectionString, library, send }) {
    const { Logger, run, makeWorkerUtils } = await library<GraphileWorker>('graphile-worker')
    const logger = new Logger(() => () => {})
    const runner = await run({
      connectionString,
      logger,
      concurrency: 50,
      maxPoolSize: 20,
      pollInterval: 1_000,
      noHandleSignals: true,
      taskList: { message: (message: Message) => send(message) },
    })
    const utils = await makeWorkerUtils({ connectionString, logger })
    return {
      async schedule(message) {
        const spec = { runAt: new Date(message.dueAt), jobKey: message.id, maxAttempts: 5 }
        await runner.addJob('message', message, spec)
      },
      async cancel(id) {
        await utils.withPgClient((client) => client.query('SELECT graphile_worker.remove_job($1)', [id]))
      },
    }
  },
}
