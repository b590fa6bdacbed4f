/**
 * One statement takes at most so many events (about 0.1 ms each). The embedded store takes one statement in a turn of the
 * event loop, and under overload a turn brings hundreds of callbacks: with fewer here than come in a turn, the queue grows.
 */
const MAX_BATCH_SIZE = 1_000
/** A batch that takes longer delays the next one no more: one dead connection must not stop the rest. */
const SLOW_BATCH_MS = 1_000
const MAX_BATCHES = 4
/** A store that takes nothing is retried so much later: a database that restarts costs no event. */
const RETRY_MS = 200

export interface GroupCommit<Item, Result> {
  /**
   * Stores an item, together with those that wait beside it. Rejects with the store's error: at once for an item that is
   * itself at fault, after `giveUpMs` when the store takes nothing.
   */
  accept(item: Item): Promise<Result>
}

interface GroupCommitDeps<Item, Result> {
  /** Results in the order of the items; an Error for an item that alone is at fault. Rejects when it took none. */
  store(items: Item[]): Promise<(Result | Error)[]>
  giveUpMs: number
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
 * Group commit: while one batch is being stored, what comes meanwhile waits and then goes as one batch, in order of
 * arrival. A lone item goes at once, alone. A batch that fails as a whole is tried again, which is safe where the store
 * knows an item it has by its key. What has waited for `giveUpMs` was answered by then and is not stored any more: WeChat
 * sends it again.
 */
export function createGroupCommit<Item, Result>(
  deps: GroupCommitDeps<Item, Result>,
): GroupCommit<Item, Result> {
  const batches = new Batches(deps)
  return { accept: (item) => batches.accept(item) }
}

class Batches<Item, Result> implements GroupCommit<Item, Result> {
  readonly #deps: GroupCommitDeps<Item, Result>
  /** The oldest first. */
  readonly #queue: Waiting<Item, Result>[] = []
  /** The batch that the next one waits for. */
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
    const slow = setTimeout(() => this.#letNextBatchGo(id), SLOW_BATCH_MS)
    try {
      const results = await this.#deps.store(batch.map(({ item }) => item))
      for (const [i, waiting] of batch.entries()) settle(waiting, results[i])
    } catch (err) {
      this.#retry(batch, err)
    } finally {
      clearTimeout(slow)
      this.#running -= 1
      this.#letNextBatchGo(id)
    }
  }

  #letNextBatchGo(id: symbol): void {
    if (this.#current === id) this.#current = null
    this.#storeNext()
  }

  #dropExpired(): void {
    const { now, giveUpMs } = this.#deps
    for (let first = this.#queue[0]; first && now() - first.queuedAt >= giveUpMs; first = this.#queue[0]) {
      first.reject(new Error('waited too long for the store'))
      this.#queue.shift()
    }
  }

  /** An item whose time is over before the store would be asked again fails now, with the reason. */
  #retry(batch: Waiting<Item, Result>[], reason: unknown): void {
    const { now, giveUpMs } = this.#deps
    for (const waiting of batch) {
      if (now() - waiting.queuedAt + RETRY_MS >= giveUpMs) waiting.reject(reason)
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
  else waiting.reject(new Error('the store gave no result'))
}
