import type { PeriodicJob } from '../jobs/periodic-jobs.ts'
import type { PlatformService } from './platform-service.ts'

/** Younger ones are processed by the process that received them. */
const MIN_AGE_MS = 15_000

/** Authorisations and revocations that could not be done at once, or whose process died, are done here. */
export function createPlatformEventsJob(platform: Pick<PlatformService, 'processEvents'>): PeriodicJob {
  return {
    name: 'platform-events',
    everyMs: 10_000,
    leaseMs: 120_000,
    run: () => platform.processEvents(MIN_AGE_MS),
  }
}
