import { randomUUID } from 'node:crypto'
import { prepareNamespace } from '../../src/temporal/local-server/prepare-namespace.ts'
import { WAIT_TIMEOUT_MS } from './timeouts.ts'

/** A new namespace on the shared Temporal server, so that parallel test files do not take each other's tasks. */
export async function freshNamespace(address: string): Promise<string> {
  const namespace = `test-${randomUUID().slice(0, 8)}`
  await prepareNamespace(address, namespace, WAIT_TIMEOUT_MS)
  return namespace
}
