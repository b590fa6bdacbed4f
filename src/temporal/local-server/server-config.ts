import { stringify } from 'yaml'

/** Ports of one local server, all on the loopback address. */
export interface ServerPorts {
  frontend: number
  /** gRPC and membership ports of the other services. */
  others: [number, number, number, number, number, number, number]
}

/**
 * The configuration of the server: one process, SQLite in one file. It follows the server's own sample, without `httpPort`:
 * without it the HTTP API does not listen (temporalio/temporal v1.32.0, common/config/config.go, `HTTPPort`). That API
 * accepts JSON as `text/plain` without authentication, so any web page in a local browser could start and cancel runs.
 */
export function serverYaml(database: string, ports: ServerPorts, dynamicConfig: string): string {
  const [frontendRing, matching, matchingRing, history, historyRing, worker, workerRing] = ports.others
  const store = {
    sql: {
      pluginName: 'sqlite',
      databaseName: database,
      connectAddr: 'localhost',
      connectProtocol: 'tcp',
      connectAttributes: { cache: 'private', setup: 'true', journal_mode: 'wal', synchronous: '2' },
      maxConns: 1,
      maxIdleConns: 1,
      maxConnLifetime: '1h',
    },
  }
  const service = (grpcPort: number, membershipPort: number) => ({
    rpc: { grpcPort, membershipPort, bindOnLocalHost: true },
  })
  return stringify({
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 1,
      datastores: { default: store, visibility: store },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: service(ports.frontend, frontendRing),
      matching: service(matching, matchingRing),
      history: service(history, historyRing),
      worker: service(worker, workerRing),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${ports.frontend}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } },
    publicClient: { hostPort: `127.0.0.1:${ports.frontend}` },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '60s' },
  })
}

/**
 * Limits for the single connection of SQLite. After an outage thousands of timers are overdue. When they fire faster than
 * runs continue, workflow tasks exceed `stickyQueueScheduleToStartTimeout` and are executed twice. Two timers at a time
 * (default 512) are as many as one connection serves.
 *
 * A timer that comes due needs two of the polls of `timerProcessorMaxPollRPS`: one reads it, one finds the next. With fewer
 * than Temporal's default of 20 a second, timers of a quiet machine wait for a poll. SQLite reads a poll's index from the
 * first timer that is not deleted. So fired timers are deleted every two seconds (default 30), and a poll reads more timers
 * (default 100).
 */
const ONE_CONNECTION = {
  'history.timerProcessorSchedulerWorkerCount': 2,
  'history.timerProcessorUpdateAckInterval': '2s',
  'history.timerTaskBatchSize': 500,
}

/** Settings of the local server: fairness, and time skipping for the simulated phone. */
export const DYNAMIC_CONFIG: Record<string, unknown> = {
  'matching.enableFairness': true,
  // The HTTP API accepts no host name. A `temporal` CLI always opens its port (temporalio/cli,
  // internal/devserver/server.go), and so does the Helm chart.
  'frontend.httpAllowedHosts': [],
  'frontend.WorkflowTimeSkippingEnabled': true,
  'history.timerProcessorMaxTimeShift': '50ms',
  'history.hostLevelCacheMaxSize': 500,
  // The dispatcher reads how many runs wait for a worker. Default 5 s.
  'matching.TaskQueueInfoByBuildIdTTL': '500ms',
  // A workflow task that times out again and again, on a machine without free CPU, is tried again ever later. The default
  // lets a run wait 10 min for its next attempt.
  'history.workflowTaskRetryMaxInterval': '30s',
  'system.forceSearchAttributesCacheRefreshOnRead': true,
  ...ONE_CONNECTION,
}
/** The settings that a production cluster must not have: for development, a single connection, or little memory. */
export const LOCAL_ONLY: readonly string[] = [
  ...Object.keys(ONE_CONNECTION),
  'history.hostLevelCacheMaxSize',
  'frontend.WorkflowTimeSkippingEnabled',
  'history.timerProcessorMaxTimeShift',
  'system.forceSearchAttributesCacheRefreshOnRead',
]
/**
 * One partition of the queue for sends makes fairness exact. The tasks of every queue go to one partition: with Temporal's
 * four, a worker with few pollers leaves tasks of one account in a partition while it serves another account's. All partitions
 * are still read, because a data folder of an earlier version may have tasks in them.
 */
const PARTITIONS: Record<string, unknown> = {
  'matching.numTaskqueueReadPartitions': [{ value: 1, constraints: { taskQueueName: 'send' } }],
  'matching.numTaskqueueWritePartitions': [{ value: 1 }],
}

/** @param settings further keys, or other values of keys of DYNAMIC_CONFIG. The partitions stay as they are */
export function dynamicConfigYaml(settings: Record<string, unknown> = {}): string {
  const all = Object.entries({ ...DYNAMIC_CONFIG, ...settings }).map(([key, value]) => [key, [{ value }]])
  return stringify({ ...Object.fromEntries(all), ...PARTITIONS })
}

/**
 * The configuration of the Web UI.
 * @param options.publicPort the port in the browser's address, which forwards to `port`
 * @param options.codecUrl decodes payloads. The browser sends the console's session cookie, which is for the same host
 */
export function uiYaml(options: {
  port: number
  publicPort: number
  address: string
  codecUrl?: string | undefined
}): string {
  const { port, publicPort, address, codecUrl } = options
  return stringify({
    temporalGrpcAddress: address,
    host: '127.0.0.1',
    port,
    enableUi: true,
    defaultNamespace: 'default',
    cors: { allowOrigins: [`http://127.0.0.1:${publicPort}`, `http://localhost:${publicPort}`] },
    ...(codecUrl ? { codec: { endpoint: codecUrl, includeCredentials: true } } : {}),
  })
}
