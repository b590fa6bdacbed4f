/** What statistics group runs by, known when a run begins. */
export interface Cohort {
  /** The day of the entry in the account's time zone, `YYYY-MM-DD`. */
  day: string
  /** The first `qrScenes` pattern of the file that fits the scene of the entry; null: none. */
  scene: string | null
}
