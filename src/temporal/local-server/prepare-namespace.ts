import { Connection } from '@temporalio/client'
import { setUpNamespace } from '../namespace-setup.ts'

/**
 * Waits until the server accepts calls, then creates the namespace and its search attributes if they are missing.
 * @throws Error when this takes longer than `timeoutMs`
 */
export async function prepareNamespace(address: string, namespace: string, timeoutMs: number): Promise<void> {
  const connection = Connection.lazy({ address })
  try {
    await setUpNamespace(connection, { namespace, timeoutMs })
  } finally {
    await connection.close()
  }
}
