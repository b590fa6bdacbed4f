import { MINUTE_MS } from '../shared/time-units.ts'

/**
 * Store and Temporal may disagree about a run that started or changed less than this ago: it may be about to start, or to
 * write its next snapshot.
 */
export const SETTLED_MS = MINUTE_MS
