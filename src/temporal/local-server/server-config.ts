import { stringify } from 'yaml'

/** Ports of one local server; all on the loopback address. */
export interface ServerPorts {
  frontend: number
  /** gRPC and membership ports of the other parts. */
  others: [number, number, number, number, number, number, number]
}

/**
 * The server's configuration: everything in one process, SQLite in one file. After the server's own sample, without the
 * `httpPort` that stands there: absent, the HTTP API does not listen (temporalio/temporal v1.32.0, common/config/config.go,
 * `HTTPPort`). It takes JSON as `text/plain` and asks for nothing, so that any web page in a browser of this machine could
 * start and cancel runs.
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
 * After an outage thousands of timers are overdue. Fired faster than runs can go on, each makes work that is done twice:
 * a run's task that waits longer than `stickyQueueScheduleToStartTimeout` is given out anew. SQLite has one connection, for
 * which timers wait beside all else: two at a time (of Temporal's 512) are as many as it can serve. And each look for the
 * next timers reads past all that are not cleared away, in order, from the first overdue one on: fewer looks a second (of
 * 20), and more timers at each (of 100).
 */
const ONE_CONNECTION = {
  'history.timerProcessorSchedulerWorkerCount': 2,
  'history.timerProcessorMaxPollRPS': 2,
  'history.timerTaskBatchSize': 500,
}

/** Settings of the small set-up: fairness; one partition for sends, so that it is exact; time skipping for the phone. */
export const DYNAMIC_CONFIG: Record<string, unknown> = {
  'matching.enableFairness': true,
  // The HTTP API answers to no name. A `temporal` CLI opens its port whatever it is told (temporalio/cli,
  // internal/devserver/server.go), and so does the Helm chart.
  'frontend.httpAllowedHosts': [],
  'frontend.WorkflowTimeSkippingEnabled': true,
  'history.timerProcessorMaxTimeShift': '50ms',
  'history.hostLevelCacheMaxSize': 500,
  'system.forceSearchAttributesCacheRefreshOnRead': true,
  ...ONE_CONNECTION,
}
/** Those of them that no production cluster should have: for development, a single connection, or little memory. */
export const LOCAL_ONLY: readonly string[] = [
  ...Object.keys(ONE_CONNECTION),
  'history.hostLevelCacheMaxSize',
  'frontend.WorkflowTimeSkippingEnabled',
  'history.timerProcessorMaxTimeShift',
  'system.forceSearchAttributesCacheRefreshOnRead',
]
const ONE_PARTITION = ['matching.numTaskqueueReadPartitions', 'matching.numTaskqueueWritePartitions']

export function dynamicConfigYaml(settings: Record<string, unknown> = {}): string {
  const all = Object.entries({ ...DYNAMIC_CONFIG, ...settings }).map(([key, value]) => [key, [{ value }]])
  const send = ONE_PARTITION.map((key) => [key, [{ value: 1, constraints: { taskQueueName: 'send' } }]])
  return stringify(Object.fromEntries([...all, ...send]))
}

/**
 * The Web UI's configuration.
 * @param codecUrl where it has payloads decoded, by the console's session: its browser is signed in to the same host
 */
export function uiYaml(uiPort: number, address: string, codecUrl?: string): string {
  return stringify({
    temporalGrpcAddress: address,
    host: '127.0.0.1',
    port: uiPort,
    enableUi: true,
    defaultNamespace: 'default',
    cors: { allowOrigins: [`http://127.0.0.1:${uiPort}`, `http://localhost:${uiPort}`] },
    ...(codecUrl ? { codec: { endpoint: codecUrl, includeCredentials: true } } : {}),
  })
}
