/** The work takes longer than one attempt. The next attempt continues it. */
export class InProgressError extends Error {
  override name = 'InProgressError'
}
