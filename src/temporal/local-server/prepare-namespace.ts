import { lazyConnection } from '../lazy-connection.ts'
import { setUpNamespace } from '../namespace-setup.ts'

/** gRPC waits a second after the first refused connection, and longer after the next ones. This server is about to listen. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 200 }

/**
 * Waits until the server accepts calls, then creates the namespace and its search attributes if they are missing.
 * @throws Error when this takes longer than `timeoutMs`
 */
export async function prepareNamespace(address: string, namespace: string, timeoutMs: number): Promise<void> {
  const connection = lazyConnection({ address, channelArgs: RECONNECT })
  try {
    await setUpNamespace(connection, { namespace, timeoutMs })
  } finally {
    await connection.close()
  }
}
