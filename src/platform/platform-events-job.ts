import type { PeriodicJob } from '../jobs/periodic-jobs.ts'
import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import type { PlatformService } from './platform-service.ts'

/** The process that received a younger event processes it itself. */
const MIN_AGE_MS = 15 * SECOND_MS

/** Processes authorisations and revocations that failed, or whose process died. */
export function createPlatformEventsJob(platform: Pick<PlatformService, 'processEvents'>): PeriodicJob {
  return {
    name: 'platform-events',
    everyMs: 10 * SECOND_MS,
    leaseMs: 2 * MINUTE_MS,
    run: () => platform.processEvents(MIN_AGE_MS),
  }
}
