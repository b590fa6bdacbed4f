import { Client, Connection } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import { noopTracing, type Tracing } from '../tracing/tracing.ts'
import { traceCalls } from './trace-calls.ts'

/** Where the engine is: address, namespace and, for a cluster, TLS or an API key. */
export interface TemporalTarget {
  namespace: string
  connection: { address?: string } & Record<string, unknown>
}

/**
 * The cluster that `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` and the other `TEMPORAL_*` variables name, TLS and API keys
 * included.
 * @throws Error when the profile or a file that it names cannot be read
 */
export function temporalTargetFromEnv(env: Record<string, string>): TemporalTarget {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env })
  return { namespace: namespace ?? 'default', connection: { ...connectionOptions } }
}

export interface TemporalConnection {
  /** Connects on its first call and again after every break. */
  client: Client
  /** Whether the engine answers now; asked at most once a second. */
  isUp(): Promise<boolean>
  close(): Promise<void>
}

const PROBE_TIMEOUT_MS = 1_000

/**
 * A client for the engine; needs no engine to be there yet.
 * @param identity stands in many rows: keep it short
 * @param dataConverter the same as the workers', or neither understands the other
 */
export function connectTemporal(
  target: TemporalTarget,
  identity: string,
  dataConverter: DataConverter = {},
  tracing: Tracing = noopTracing,
): TemporalConnection {
  const connection = Connection.lazy(target.connection)
  const { namespace } = target
  const interceptors = { workflow: [traceCalls(tracing)] }
  const client = new Client({ connection, namespace, identity, dataConverter, interceptors })
  let checkedAt = 0
  let answer: Promise<boolean> = Promise.resolve(false)
  const probe = () =>
    connection
      .withDeadline(Date.now() + PROBE_TIMEOUT_MS, () => connection.workflowService.getSystemInfo({}))
      .then(() => true)
      .catch(() => false)
  return {
    client,
    isUp() {
      if (Date.now() - checkedAt > PROBE_TIMEOUT_MS) {
        checkedAt = Date.now()
        answer = probe()
      }
      return answer
    },
    close: () => connection.close(),
  }
}

/** The worker's connection; fails when the engine is away. */
export function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  return NativeConnection.connect(target.connection)
}
