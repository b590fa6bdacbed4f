import { Connection } from '@temporalio/client'
import { setUp } from '../setup.ts'

/**
 * Waits until the engine serves, then makes namespace and search attributes, if they are not there.
 * @throws Error when it does not within `withinMs`
 */
export async function prepareNamespace(address: string, namespace: string, withinMs: number): Promise<void> {
  const connection = Connection.lazy({ address })
  try {
    await setUp(connection, { namespace, withinMs })
  } finally {
    await connection.close()
  }
}
