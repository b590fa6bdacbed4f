/**
 * One statement takes at most so many events (about 0.1 ms each). The embedded store takes one statement in a turn of the
 * event loop, and in a flood a turn brings hundreds of callbacks: with fewer here than come in a turn, the queue grows.
 */
const BATCH_MAX = 1_000
/** A batch that takes longer holds the next one up no more: one dead connection must not stop the rest. */
const SLOW_MS = 1_000
const BATCHES_MAX = 4
/** A store that takes nothing is asked again so much later: a database that is starting again costs no event. */
const AGAIN_MS = 200

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
  let underWay = 0

  function next(): void {
    if (current || isPausing || underWay >= BATCHES_MAX) return
    for (let old = queue[0]; old && now() - old.at >= giveUpMs; old = queue[0]) {
      old.failed(new Error('waited too long for the store'))
      queue.shift()
    }
    const batch = queue.splice(0, BATCH_MAX)
    if (batch.length === 0) return
    const me = Symbol()
    current = me
    underWay += 1
    const release = () => {
      if (current === me) current = null
    }
    const slow = setTimeout(() => {
      release()
      next()
    }, SLOW_MS)
    store(batch.map((one) => one.item))
      .then(
        (results) => {
          for (const [i, one] of batch.entries()) {
            const result = results[i]
            if (result instanceof Error) one.failed(result)
            else if (result !== undefined) one.done(result)
            else one.failed(new Error('the store gave no result'))
          }
        },
        (refusal: unknown) => again(batch, refusal),
      )
      .finally(() => {
        clearTimeout(slow)
        underWay -= 1
        release()
        next()
      })
  }

  /** Whose time is over before the store would be asked again fails now, with the reason. */
  function again(batch: Waiting<Item, Result>[], refusal: unknown): void {
    for (const one of batch) {
      if (now() - one.at + AGAIN_MS >= giveUpMs) one.failed(refusal)
      else queue.push(one)
    }
    queue.sort((a, b) => a.at - b.at)
    isPausing = true
    setTimeout(() => {
      isPausing = false
      next()
    }, AGAIN_MS)
  }

  return {
    accept: (item) =>
      new Promise((done, failed) => {
        queue.push({ item, at: now(), done, failed })
        next()
      }),
  }
}
