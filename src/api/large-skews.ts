import { isLargeSkew, type SkewMonitor, type SkewReport } from '../callback/skew-monitor.ts'

/** The platforms whose clock differs so much from this machine's that somebody must look. */
export function largeSkews(monitor: Pick<SkewMonitor, 'report'>): SkewReport[] {
  return monitor.report().filter(isLargeSkew)
}
