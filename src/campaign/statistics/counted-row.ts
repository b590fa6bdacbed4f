/** Which runs are counted. Absent: all. */
export interface StatisticsFilter {
  /** The first and the last day of entries, `YYYY-MM-DD`, in the time zone of each account. */
  from?: string | undefined
  to?: string | undefined
  version?: number | undefined
  /** A pattern of the campaign file; '' for runs without one. */
  scene?: string | undefined
  appId?: string | undefined
  /** A fork of kind `share` and its branch, like `test=b`. */
  variant?: string | undefined
}

/** A count of the store: over all runs of a version and variant, or also of one day or one scene. */
export interface CountedRow {
  version: number
  /** The branches that shares have chosen, as `fork=branch,…`, both by number; '' without one. */
  variant: string
  /** The id of a step, the number of a fork, or '' for the run. */
  step: string
  metric: string
  day: string | null
  scene: string | null
  n: number
  /** The sum of the values of goals. */
  value: number
}
