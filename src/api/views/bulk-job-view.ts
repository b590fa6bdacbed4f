import type { BulkJob } from '../../store/bulk/bulk-jobs.ts'

export type BulkJobView = ReturnType<typeof bulkJobView>

/** A job for API and console. */
export function bulkJobView(job: BulkJob) {
  const { leaseOwnerId: _owner, leaseExpiresAt: _expires, requestHash: _hash, ...shown } = job
  const { createdAt, endedAt, ...rest } = shown
  return {
    ...rest,
    createdAt: new Date(createdAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
  }
}

/** How many runs of a job have had their turn. */
export const overOf = ({ done, ended, failed }: Pick<BulkJobView, 'done' | 'ended' | 'failed'>): number =>
  done + ended + failed
