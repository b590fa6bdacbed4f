/** A program or a library is missing on this machine. The message says which, and how to get it. */
export class NotAvailableError extends Error {
  override name = 'NotAvailableError'
}
