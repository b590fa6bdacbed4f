/** Counts requests and the bytes that they hold. */
export class Shares {
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @returns a function that returns the share */
  add(bytes: number): () => void {
    this.#count += 1
    this.#bytes += bytes
    return () => {
      this.#count -= 1
      this.#bytes -= bytes
    }
  }
}

/** Requests that wait for the store, oldest first. Only these show how fast the store is. */
export class StoreQueue {
  readonly #shares = new Shares()
  readonly #queuedAt = new Map<symbol, number>()

  get count(): number {
    return this.#shares.count
  }

  get bytes(): number {
    return this.#shares.bytes
  }

  /** How long the oldest request has waited, ms; 0 when none waits. */
  oldestAgeMs(now: number): number {
    const [first = now] = this.#queuedAt.values()
    return now - first
  }

  /** @returns a function that removes the request */
  add(bytes: number, now: number): () => void {
    const id = Symbol()
    this.#queuedAt.set(id, now)
    const returnShare = this.#shares.add(bytes)
    return () => {
      this.#queuedAt.delete(id)
      returnShare()
    }
  }
}
