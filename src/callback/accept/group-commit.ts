/**
 * One statement takes at most so many events (about 0.1 ms each). The embedded store takes one statement in a turn of the
 * event loop, and in a flood a turn brings hundreds of callbacks: with fewer here than come in a turn, the queue grows.
 */
const MAX_BATCH_SIZE = 1_000
/** A batch that takes longer holds the next one up no more: one dead connection must not stop the rest. */
const SLOW_BATCH_MS = 1_000
const MAX_BATCHES = 4
/** A store that takes nothing is asked again so much later: a database that is starting again costs no event. */
const RETRY_MS = 200

export interface GroupCommit<Item, Result> {
  /**
   * Stores an item, together with those that wait beside it. Rejects with the store's error: at once for an item that is
   * itself at fault, after `giveUpMs` when the store takes nothing.
   */
  accept(item: Item): Promise<Result>
}

interface Waiting<Item, Result> {
  item: Item
  at: number
  done(result: Result): void
  failed(err: unknown): void
}

/**
 * Group commit: while one batch is being stored, what comes meanwhile waits and then goes as one batch, in order of
 * arrival. A lone item goes at once, alone. A batch that fails as a whole is tried again, which is safe where the store
 * knows an item it has by its key. What has waited for `giveUpMs` was answered by then and is not stored any more: WeChat
 * sends it again.
 */
export function createGroupCommit<Item, Result>(deps: {
  /** Results in the order of the items; an Error for an item that alone is at fault. Rejects when it took none. */
  store(items: Item[]): Promise<(Result | Error)[]>
  giveUpMs: number
  now(): number
}): GroupCommit<Item, Result> {
  const { store, giveUpMs, now } = deps
  /** The oldest first. */
  const queue: Waiting<Item, Result>[] = []
  /** The batch that the next one waits for. */
  let current: symbol | null = null
  let isPausing = false
  let running = 0

  function storeNext(): void {
    if (current || isPausing || running >= MAX_BATCHES) return
    for (let old = queue[0]; old && now() - old.at >= giveUpMs; old = queue[0]) {
      old.failed(new Error('waited too long for the store'))
      queue.shift()
    }
    const batch = queue.splice(0, MAX_BATCH_SIZE)
    if (batch.length === 0) return
    const token = Symbol()
    current = token
    running += 1
    const release = () => {
      if (current === token) current = null
    }
    const slow = setTimeout(() => {
      release()
      storeNext()
    }, SLOW_BATCH_MS)
    store(batch.map((entry) => entry.item))
      .then(
        (results) => {
          for (const [i, entry] of batch.entries()) {
            const result = results[i]
            if (result instanceof Error) entry.failed(result)
            else if (result !== undefined) entry.done(result)
            else entry.failed(new Error('the store gave no result'))
          }
        },
        (refusal: unknown) => retryBatch(batch, refusal),
      )
      .finally(() => {
        clearTimeout(slow)
        running -= 1
        release()
        storeNext()
      })
  }

  /** Whose time is over before the store would be asked again fails now, with the reason. */
  function retryBatch(batch: Waiting<Item, Result>[], refusal: unknown): void {
    for (const entry of batch) {
      if (now() - entry.at + RETRY_MS >= giveUpMs) entry.failed(refusal)
      else queue.push(entry)
    }
    queue.sort((a, b) => a.at - b.at)
    isPausing = true
    setTimeout(() => {
      isPausing = false
      storeNext()
    }, RETRY_MS)
  }

  return {
    accept: (item) =>
      new Promise((done, failed) => {
        queue.push({ item, at: now(), done, failed })
        storeNext()
      }),
  }
}
