/** Requests and their bytes, counted while they hold them. */
export class Shares {
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @returns what gives the share back */
  add(bytes: number): () => void {
    this.#count += 1
    this.#bytes += bytes
    return () => {
      this.#count -= 1
      this.#bytes -= bytes
    }
  }
}

/** Requests that wait for the store, the first one first. Only these say something about the store. */
export class StoreQueue {
  readonly #shares = new Shares()
  readonly #queuedAt = new Map<symbol, number>()

  get count(): number {
    return this.#shares.count
  }

  get bytes(): number {
    return this.#shares.bytes
  }

  /** How long the first one has waited, ms; 0 when none waits. */
  oldestAgeMs(now: number): number {
    const [first = now] = this.#queuedAt.values()
    return now - first
  }

  /** @returns what takes it out again */
  add(bytes: number, now: number): () => void {
    const id = Symbol()
    this.#queuedAt.set(id, now)
    const giveBack = this.#shares.add(bytes)
    return () => {
      this.#queuedAt.delete(id)
      giveBack()
    }
  }
}
