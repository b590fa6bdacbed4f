import { Client } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import { noopTracing, type Tracing } from '../tracing/tracing.ts'
import { lazyConnection } from './lazy-connection.ts'
import { traceCalls } from './trace-calls.ts'

/** Address and namespace of Temporal and, for a cluster, TLS or an API key. */
export interface TemporalTarget {
  namespace: string
  connection: { address?: string } & Record<string, unknown>
}

/**
 * Reads the cluster from `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` and the other `TEMPORAL_*` variables, with TLS and API key.
 * @throws Error when the profile, or a file that it names, cannot be read
 */
export function temporalTargetFromEnv(env: Record<string, string>): TemporalTarget {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env })
  return { namespace: namespace ?? 'default', connection: { ...connectionOptions } }
}

export interface TemporalConnection {
  /** Connects at its first call, and again after a lost connection. */
  client: Client
  /** Whether Temporal answers now. Checked at most once a second. */
  isUp(): Promise<boolean>
  close(): Promise<void>
}

const PROBE_TIMEOUT_MS = 1_000

/**
 * A client for Temporal. Temporal need not be running yet.
 * @param identity short: Temporal stores it in many rows
 * @param dataConverter the same as the workers', which otherwise cannot read the payloads
 */
export function connectTemporal(
  target: TemporalTarget,
  identity: string,
  dataConverter: DataConverter = {},
  tracing: Tracing = noopTracing,
): TemporalConnection {
  const connection = lazyConnection(target.connection)
  const { namespace } = target
  const interceptors = { workflow: [traceCalls(tracing)] }
  const client = new Client({ connection, namespace, identity, dataConverter, interceptors })
  let checkedAt = 0
  let lastAnswer: Promise<boolean> = Promise.resolve(false)
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
        lastAnswer = probe()
      }
      return lastAnswer
    },
    close: () => connection.close(),
  }
}

/**
 * The connection of a worker. Rejects while Temporal is unreachable. By default the SDK compresses each call, and asks Temporal
 * to compress its answers. Payloads are deflated and encrypted already, so that costs both processes time and saves little.
 */
export function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  return NativeConnection.connect({ grpcCompression: { codec: 'none' }, ...target.connection })
}
