/** The queue of password checks of this process is full. */
export class BusyError extends Error {
  override name = 'BusyError'
}

interface Job {
  start(): void
  reject(): void
}

/**
 * Runs costly work with limited concurrency, round-robin over keys. When the queue is full, the key with the most
 * queued jobs loses its latest one to a key with fewer, so no single key can keep the others out. Own code: the queues of
 * cockatiel and p-queue know no keys.
 */
export class RoundRobinQueue {
  readonly #concurrency: number
  readonly #maxQueued: number
  /** In the order in which they are served next. */
  readonly #queues = new Map<string, Job[]>()
  #running = 0
  #queued = 0

  constructor({ concurrency, maxQueued }: { concurrency: number; maxQueued: number }) {
    this.#concurrency = concurrency
    this.#maxQueued = maxQueued
  }

  /** @throws BusyError when the queue is full, or becomes full later and another key takes the place */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const job: Job = {
        start: () =>
          void work()
            .then(resolve, reject)
            .finally(() => this.#onEnd()),
        reject: () => reject(new BusyError('too many password checks are queued')),
      }
      if (this.#running < this.#concurrency) this.#start(job)
      else this.#enqueue(key, job)
    })
  }

  #start(job: Job): void {
    this.#running += 1
    job.start()
  }

  #onEnd(): void {
    this.#running -= 1
    const [first] = this.#queues
    if (first === undefined) return
    const [key, jobs] = first
    const job = jobs.shift()
    this.#queues.delete(key)
    if (jobs.length > 0) this.#queues.set(key, jobs)
    if (job === undefined) return
    this.#queued -= 1
    this.#start(job)
  }

  #enqueue(key: string, job: Job): void {
    const jobs = this.#queues.get(key) ?? []
    if (this.#queued >= this.#maxQueued && !this.#evictFor(jobs.length)) {
      job.reject()
      return
    }
    jobs.push(job)
    this.#queues.set(key, jobs)
    this.#queued += 1
  }

  /** Makes room for a key that has `count` jobs queued. Returns false when no key has more. */
  #evictFor(count: number): boolean {
    let longest: Job[] = []
    for (const jobs of this.#queues.values()) if (jobs.length > longest.length) longest = jobs
    if (longest.length <= count + 1) return false
    longest.pop()?.reject()
    this.#queued -= 1
    return true
  }
}
