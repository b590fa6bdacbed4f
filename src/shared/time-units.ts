/** Units of time in ms: `10 * MINUTE_MS` reads as a duration, 600_000 does not. */
export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
