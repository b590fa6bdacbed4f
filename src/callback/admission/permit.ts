/** The request was evicted for newer requests before its body was complete. */
export class EvictedError extends Error {
  override name = 'EvictedError'
}

/** The share of the limits that one request holds, from its headers until it is stored. */
export class Permit {
  readonly #enqueue: (bytes: number) => (() => void) | null
  readonly #onChange: () => void
  /** Returns the share; null when the request holds none. */
  #returnShare: (() => void) | null
  #isEvicted = false
  #onEvict = () => {}

  /**
   * @param deps.enter acquires the share for reading the body; `evict` ends it
   * @param deps.enqueue acquires the share for waiting for the store
   */
  constructor(deps: {
    enter(evict: () => void): (() => void) | null
    enqueue(bytes: number): (() => void) | null
    onChange(): void
  }) {
    this.#enqueue = deps.enqueue
    this.#onChange = deps.onChange
    this.#returnShare = deps.enter(() => this.#evict())
  }

  /** False when there was no room. */
  get isGranted(): boolean {
    return this.#returnShare !== null
  }

  /** Waits for the body. @throws EvictedError when the request is evicted before the body is complete */
  read<T>(body: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onEvict = () =>
        reject(new EvictedError('evicted for newer requests before its body was complete'))
      if (this.#isEvicted) this.#onEvict()
      body.then(resolve, reject)
    })
  }

  /**
   * The body is complete and authenticated, and the request waits for the store from now on.
   * @param bytes length of the body
   * @returns false when there is no room
   */
  enqueue(bytes: number): boolean {
    if (!this.#returnShare) return false
    this.#returnShare()
    this.#returnShare = this.#enqueue(bytes)
    if (!this.#returnShare) this.#onChange()
    return this.#returnShare !== null
  }

  /** Returns the share. Further calls do nothing. */
  release(): void {
    if (!this.#returnShare) return
    this.#returnShare()
    this.#returnShare = null
    this.#onChange()
  }

  #evict(): void {
    this.#isEvicted = true
    this.release()
    this.#onEvict()
  }
}
