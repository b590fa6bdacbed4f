import { BulkRunner } from '../../jobs/bulk-runner.ts'
import type { ServiceContext } from './context.ts'

/** Makes the changes of bulk jobs in this process. */
export function createBulkRunner(context: ServiceContext): BulkRunner {
  const { db, runs, namespaceGuard, ownerId, now, log } = context
  return new BulkRunner({ db, runs, namespaceGuard, ownerId, now, log })
}
