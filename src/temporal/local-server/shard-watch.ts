import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import type { Log } from '../../shared/log.ts'

const INTERVAL_MS = 1_000
const CALL_TIMEOUT_MS = 5_000
/** The local server has one history shard (`serverYaml`). Temporal counts shards from 1. */
const SHARD_ID = 1
/** The message of `ErrShardStatusUnknown` (temporalio/temporal v1.32.0, service/history/shard/context_impl.go). */
const STATUS_UNKNOWN = 'shard status unknown'
/** The workflow need not exist: every answer of the history service other than `STATUS_UNKNOWN` means that it has the shard. */
const PROBE_WORKFLOW_ID = 'shard-probe'

/** The calls that the watch makes. */
export interface ShardCalls {
  /** Whether the history service does not know if it still owns the shard. */
  isUnknown(): Promise<boolean>
  /** Makes the history service drop the shard. The next call acquires it again. */
  close(): Promise<void>
}

/**
 * Shortens the recovery of a local server from a full disk. After a write with an unknown result Temporal stops serving the
 * shard, and tries to acquire it again after 1, 2, 4, 8 and then every 10 s, which no setting changes. A closed shard is
 * acquired by the next call, and its queues are read again, without the delays of tasks that failed meanwhile.
 */
export function watchShard(calls: ShardCalls, log: Log, intervalMs = INTERVAL_MS): { stop(): Promise<void> } {
  const abort = new AbortController()
  const watching = watch(calls, log, intervalMs, abort.signal)
  return {
    async stop() {
      abort.abort()
      await watching
    },
  }
}

async function watch(calls: ShardCalls, log: Log, intervalMs: number, signal: AbortSignal): Promise<void> {
  /** Checks in a row that found the shard unknown. One alone may be the moment of a normal acquisition. */
  let unknownChecks = 0
  while (!signal.aborted) {
    try {
      await sleep(intervalMs, undefined, { signal })
      unknownChecks = (await calls.isUnknown()) ? unknownChecks + 1 : 0
      if (unknownChecks === 2)
        log.warn('the local Temporal server lost its shard; check that the disk is not full')
      if (unknownChecks >= 2) await calls.close()
    } catch {
      // The server is down or overloaded. Its supervisor restarts it.
    }
  }
}

/** The calls to a server on this machine. Close the connection after the watch has stopped. */
export function shardCalls(address: string, namespace: string): ShardCalls & { disconnect(): Promise<void> } {
  const connection = AdminConnection.lazy({ address }) as AdminConnection
  return {
    async isUnknown() {
      try {
        await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
          connection.workflowService.describeWorkflowExecution({
            namespace,
            execution: { workflowId: PROBE_WORKFLOW_ID },
          }),
        )
        return false
      } catch (err) {
        return err instanceof Error && err.message.includes(STATUS_UNKNOWN)
      }
    },
    close: () => connection.closeShard(SHARD_ID),
    disconnect: () => connection.close(),
  }
}

/** The SDK has no client for the server's own administration service. */
class AdminConnection extends Connection {
  closeShard(shardId: number): Promise<void> {
    // CloseShardRequest: field 1 is a varint (temporal/server/api/adminservice/v1/request_response.proto).
    const request = Buffer.from([8, shardId])
    const asIs = (bytes: Buffer) => bytes
    const method = '/temporal.server.api.adminservice.v1.AdminService/CloseShard'
    const deadline = Date.now() + CALL_TIMEOUT_MS
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(method, asIs, asIs, request, { deadline }, (err) =>
        err ? reject(err) : resolve(),
      )
    })
  }
}
