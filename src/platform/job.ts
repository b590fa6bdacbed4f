import type { PeriodicJob } from '../jobs/periodic.ts'
import type { Platform } from './component.ts'

/** Younger ones are in the hands of the process that received them. */
const LEFT_BEHIND_MS = 15_000

/** Authorisations and revocations that could not be done at once, or whose process died, are done here. */
export function createPlatformJob(platform: Pick<Platform, 'work'>): PeriodicJob {
  return {
    name: 'platform-events',
    everyMs: 10_000,
    leaseMs: 120_000,
    run: () => platform.work(LEFT_BEHIND_MS),
  }
}
