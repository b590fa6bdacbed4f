import type { Client } from '@temporalio/client'
import type { KeyRotation } from '../../api/routes/route-helpers.ts'
import type { Log } from '../../shared/log.ts'
import type { Db } from '../../store/db.ts'
import { historyKeyUse, reencryptStore } from '../../store/encryption/reencrypt.ts'
import type { Sealer } from '../../store/encryption/sealer.ts'

const CALL_TIMEOUT_MS = 5_000

/** Encrypts the secrets of the store with the current key, and reports until when histories need the previous keys. */
export async function rotateKeys(deps: {
  db: Db
  sealer: Sealer
  client: Client
  now: () => number
  log: Log
}): Promise<KeyRotation> {
  const { db, sealer, client, now, log } = deps
  const { keyId, reencrypted, unreadable } = await reencryptStore(db, sealer, now())
  const retentionMs = await retentionOf(client).catch((err: Error) => {
    log.warn({ reason: err.message }, 'the retention of the Temporal namespace could not be read')
    return null
  })
  const previous = (await historyKeyUse(db)).map(({ keyId, openRuns, lastClosesAt }) => ({
    keyId,
    openRuns,
    neededUntil: retentionMs === null ? null : new Date(lastClosesAt + retentionMs).toISOString(),
  }))
  return { keyId, reencrypted, unreadable, previous }
}

/** How long the namespace keeps the history of an ended run, ms. */
async function retentionOf(client: Client): Promise<number> {
  const { namespace } = client.options
  const { config } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
    client.workflowService.describeNamespace({ namespace }),
  )
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000
}
