/**
 * Events per statement, about 0.1 ms each. The embedded store executes one statement per turn of the event loop, and under
 * overload hundreds of callbacks arrive in a turn. With smaller batches the queue would grow.
 */
const MAX_BATCH_SIZE = 1_000
/** After this time the next batch starts although this one is not stored: a dead connection must not block the others. */
const SLOW_BATCH_MS = 1_000
const MAX_BATCHES = 4
/** Delay before a failed batch is retried. The restart of a database must lose no event. */
const RETRY_MS = 200

export interface GroupCommit<Item, Result> {
  /**
   * Stores an item, together with other waiting items. Rejects with the error of the store: immediately for an invalid item, and
   * after `timeoutMs` when the store is unavailable.
   */
  accept(item: Item): Promise<Result>
}

interface GroupCommitDeps<Item, Result> {
  /** Returns results in the order of the items, an Error for an invalid item. Rejects when no item was stored. */
  store(items: Item[]): Promise<(Result | Error)[]>
  timeoutMs: number
  /** A clock in ms. */
  now(): number
}

interface Waiting<Item, Result> {
  item: Item
  queuedAt: number
  resolve(result: Result): void
  reject(err: unknown): void
}

/**
 * Group commit: items that arrive while a batch is being stored wait, and become the next batch in order of arrival. An item
 * that arrives alone is stored immediately. A batch that fails as a whole is retried; the store must recognise a stored item by
 * its key. An item that has waited for `timeoutMs` is not stored: WeChat was answered 500 and sends the event again.
 */
export function createGroupCommit<Item, Result>(
  deps: GroupCommitDeps<Item, Result>,
): GroupCommit<Item, Result> {
  const batches = new Batches(deps)
  return { accept: (item) => batches.accept(item) }
}

class Batches<Item, Result> implements GroupCommit<Item, Result> {
  readonly #deps: GroupCommitDeps<Item, Result>
  /** Oldest first. */
  readonly #queue: Waiting<Item, Result>[] = []
  /** The batch that the next batch waits for. */
  #current: symbol | null = null
  #isPausing = false
  #running = 0

  constructor(deps: GroupCommitDeps<Item, Result>) {
    this.#deps = deps
  }

  accept(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, queuedAt: this.#deps.now(), resolve, reject })
      this.#storeNext()
    })
  }

  #storeNext(): void {
    if (this.#current || this.#isPausing || this.#running >= MAX_BATCHES) return
    this.#dropExpired()
    const batch = this.#queue.splice(0, MAX_BATCH_SIZE)
    if (batch.length > 0) void this.#storeBatch(batch)
  }

  async #storeBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    const id = Symbol()
    this.#current = id
    this.#running += 1
    const slow = setTimeout(() => this.#startNext(id), SLOW_BATCH_MS)
    try {
      const results = await this.#deps.store(batch.map(({ item }) => item))
      for (const [i, waiting] of batch.entries()) settle(waiting, results[i])
    } catch (err) {
      this.#retry(batch, err)
    } finally {
      clearTimeout(slow)
      this.#running -= 1
      this.#startNext(id)
    }
  }

  /** Ends the wait for this batch and starts the next one. */
  #startNext(id: symbol): void {
    if (this.#current === id) this.#current = null
    this.#storeNext()
  }

  #dropExpired(): void {
    const { now, timeoutMs } = this.#deps
    for (let first = this.#queue[0]; first && now() - first.queuedAt >= timeoutMs; first = this.#queue[0]) {
      first.reject(new Error('waited too long for the store'))
      this.#queue.shift()
    }
  }

  /** Queues a failed batch again. Items that would time out before the retry are rejected with the reason. */
  #retry(batch: Waiting<Item, Result>[], reason: unknown): void {
    const { now, timeoutMs } = this.#deps
    for (const waiting of batch) {
      if (now() - waiting.queuedAt + RETRY_MS >= timeoutMs) waiting.reject(reason)
      else this.#queue.push(waiting)
    }
    this.#queue.sort((a, b) => a.queuedAt - b.queuedAt)
    this.#isPausing = true
    setTimeout(() => {
      this.#isPausing = false
      this.#storeNext()
    }, RETRY_MS)
  }
}

function settle<Item, Result>(waiting: Waiting<Item, Result>, result: Result | Error | undefined): void {
  if (result instanceof Error) waiting.reject(result)
  else if (result !== undefined) waiting.resolve(result)
  else waiting.reject(new Error('the store returned no result'))
}
