import { randomUUID } from 'node:crypto'
import { prepareNamespace } from '../../src/engine/local/namespace.ts'

/** A namespace of its own on the shared engine: test files that run side by side do not take each other's tasks. */
export async function freshNamespace(address: string): Promise<string> {
  const namespace = `test-${randomUUID().slice(0, 8)}`
  await prepareNamespace(address, namespace, 30_000)
  return namespace
}
