/** Some rows of a table, in the order of a key. A purge reads a table page by page, so that each statement is short. */
export interface TablePage<Key> {
  /** The key of the last row of the page before; null for the first page. */
  after: Key | null
  /** The most rows of the page. */
  limit: number
}

/** What a purge did in one page. */
export interface PagePurge<Key> {
  /** Rows that were deleted or changed. */
  changed: number
  /** `after` of the next page; null when there is none. */
  next: Key | null
}
