/** One thing that is wrong, or worth knowing, with its place in the file. */
export interface Issue {
  /** Like `steps.1.after`; '' for the whole file. */
  path: string
  message: string
  /** From 1. */
  line?: number
  column?: number
}
