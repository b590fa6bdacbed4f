import { Connection } from '@temporalio/client'
import { setUpNamespace } from '../namespace-setup.ts'

/**
 * Waits until the engine serves, then makes namespace and search attributes, if they are not there.
 * @throws Error when it does not within `withinMs`
 */
export async function prepareNamespace(address: string, namespace: string, timeoutMs: number): Promise<void> {
  const connection = Connection.lazy({ address })
  try {
    await setUpNamespace(connection, { namespace, timeoutMs })
  } finally {
    await connection.close()
  }
}
