import { createAccountRemovalJob } from '../../jobs/finish-account-removals.ts'
import { createPeriodicJobs } from '../../jobs/periodic-jobs.ts'
import { createPurge } from '../../jobs/purge.ts'
import { createRunPurge } from '../../jobs/purge-runs.ts'
import { createRunRebuild } from '../../jobs/rebuild-runs.ts'
import { createReconciler } from '../../jobs/reconcile-runs.ts'
import { createAccessTokenRefresh } from '../../jobs/refresh-access-tokens.ts'
import { createVacuum } from '../../jobs/vacuum.ts'
import { createWindowClosingJob } from '../../jobs/window-closing.ts'
import { createPlatformEventsJob } from '../../platform/platform-events-job.ts'
import type { PlatformService } from '../../platform/platform-service.ts'
import type { TokenProvider } from '../../wechat/api/tokens.ts'
import type { Configuration } from './configuration.ts'
import type { ServiceContext } from './context.ts'

export type Jobs = ReturnType<typeof createPeriodicJobs>

/** The periodic jobs of this process. Leases in the store decide which process runs each job. */
export function createJobs(
  context: ServiceContext,
  ports: {
    tokens: TokenProvider
    configuration: Configuration
    platform: PlatformService | null
    closing: Parameters<typeof createWindowClosingJob>[0]
  },
): Jobs {
  const { config, db, temporal, runs, namespaceGuard, accounts, campaigns, metrics, ownerId, now, log } =
    context
  const { client } = temporal
  const onEnded = () => metrics.runsEnded.inc({ outcome: 'terminated' })
  const { rulesOf } = ports.configuration.cache
  return createPeriodicJobs({
    db,
    ownerId,
    now,
    log,
    jobs: [
      createReconciler({ db, client, runs, namespaceGuard, now, log, onEnded }),
      createRunRebuild({ db, client, runs, namespaceGuard, campaigns, rulesOf, now, log }),
      createAccountRemovalJob({ db, now }),
      createWindowClosingJob(ports.closing),
      createAccessTokenRefresh({
        db,
        tokens: ports.tokens,
        now,
        blockedForSecret: accounts.blockedForSecret,
        log,
      }),
      createPurge({ db, now, retentionDays: config.retentionDays }),
      createRunPurge({
        db,
        now,
        log,
        retentionDays: config.retentionDays,
        runRetentionDays: config.runRetentionDays,
      }),
      ...(context.embedded ? [createVacuum({ db })] : []),
      ...(ports.platform ? [createPlatformEventsJob(ports.platform)] : []),
    ],
  })
}
