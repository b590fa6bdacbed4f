import { type FollowerKey, maskId } from '../shared/ids.ts'
import { type InboxRow, markDispatched } from '../store/inbox/inbox-rows.ts'
import { eraseFollower } from '../store/runs/erase-follower.ts'
import { writeAudit } from '../store/users/audit-log.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { InProgressError } from './in-progress.ts'

/**
 * Erases all personal data of a follower. It ends the run first, because an open run would write the follower to the store
 * again.
 * @throws InProgressError while Temporal is still ending the run or deleting histories
 */
export async function eraseOnRequest(
  { db, runs, now, log }: Pick<DispatchDeps, 'db' | 'runs' | 'now' | 'log'>,
  follower: FollowerKey,
  row: InboxRow,
): Promise<void> {
  if (!(await runs.cancelForErasure(follower))) throw new InProgressError('the run is still ending')
  await db.transaction((tx) => eraseFollower(tx, follower))
  if (!(await runs.deleteHistories(follower))) throw new InProgressError('histories are not deleted yet')
  const { appId, openId } = follower
  await db.transaction(async (tx) => {
    await markDispatched(tx, row.id, 'erased', now())
    await eraseFollower(tx, follower)
    const target = `${appId}/${maskId(openId)}`
    await writeAudit(tx, { actor: 'dispatcher', action: 'follower.erased', target, at: now() })
  })
  log.info({ appId, follower: maskId(openId), requestedBy: row.kind }, 'follower data erased')
}
