/** The body did not come before newer requests needed its place. */
export class EvictedError extends Error {
  override name = 'EvictedError'
}

/** What one request holds, from its headers until it is stored. */
export class Permit {
  readonly #enqueue: (bytes: number) => (() => void) | null
  readonly #onChange: () => void
  /** Gives back what the request holds; null once it holds nothing. */
  #giveBack: (() => void) | null
  #isEvicted = false
  #onEvict = () => {}

  /**
   * @param enter takes the first share, which `evict` ends
   * @param enqueue takes the share of one that waits for the store
   */
  constructor(deps: {
    enter(evict: () => void): (() => void) | null
    enqueue(bytes: number): (() => void) | null
    onChange(): void
  }) {
    this.#enqueue = deps.enqueue
    this.#onChange = deps.onChange
    this.#giveBack = deps.enter(() => this.#evict())
  }

  /** False where there was no room from the beginning. */
  get isGranted(): boolean {
    return this.#giveBack !== null
  }

  /** The body, as `body` gives it. @throws EvictedError when newer requests needed the place before it came */
  read<T>(body: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onEvict = () => reject(new EvictedError('newer requests needed its place before its body came'))
      if (this.#isEvicted) this.#onEvict()
      body.then(resolve, reject)
    })
  }

  /**
   * The body has come whole, `bytes` long, and is WeChat's: the request waits for the store from now on. False when there
   * is no room left for it.
   */
  enqueue(bytes: number): boolean {
    if (!this.#giveBack) return false
    this.#giveBack()
    this.#giveBack = this.#enqueue(bytes)
    if (!this.#giveBack) this.#onChange()
    return this.#giveBack !== null
  }

  /** Gives back what the request holds; once is enough. */
  release(): void {
    if (!this.#giveBack) return
    this.#giveBack()
    this.#giveBack = null
    this.#onChange()
  }

  #evict(): void {
    this.#isEvicted = true
    this.release()
    this.#onEvict()
  }
}
