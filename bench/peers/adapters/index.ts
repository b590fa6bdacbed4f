import type { Adapter } from '../adapter.ts'
import { bareWorkflowAdapter } from './bare-workflow.ts'
import { bullmqAdapter } from './bullmq.ts'
import { elasticmqAdapter } from './elasticmq.ts'
import { graphileWorkerAdapter } from './graphile-worker.ts'
import { pgBossAdapter } from './pg-boss.ts'
import { postgresPollingAdapter } from './postgres-polling.ts'
import { rabbitmqAdapter } from './rabbitmq.ts'
import { redisKeyspaceAdapter } from './redis-keyspace.ts'
import { setTimeoutAdapter } from './set-timeout.ts'
import { timingWheelAdapter } from './timing-wheel.ts'

/** The designs by the name that `--peer` takes, in the order of the tables. */
export const ADAPTERS: Readonly<Record<string, Adapter>> = {
  timeout: setTimeoutAdapter,
  wheel: timingWheelAdapter,
  postgres: postgresPollingAdapter,
  redis: redisKeyspaceAdapter,
  bullmq: bullmqAdapter,
  'pg-boss': pgBossAdapter,
  graphile: graphileWorkerAdapter,
  rabbitmq: rabbitmqAdapter,
  sqs: elasticmqAdapter,
  bare: bareWorkflowAdapter,
}
