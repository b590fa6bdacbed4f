/** Too many passwords are being looked at in this process. */
export class BusyError extends Error {
  override name = 'BusyError'
}

/** Costly work of many parties: so much at once, a bounded queue, and each party gets its turn. */
export interface FairQueue {
  /** @throws BusyError when the queue is full, also later: when another party needs the place */
  run<T>(party: string, work: () => Promise<T>): Promise<T>
}

interface Job {
  start(): void
  reject(): void
}

/**
 * Parties take turns, however much one of them has waiting. Where the queue is full, the party with most in it loses its
 * latest to one that has less; so one party alone never keeps another out. Own code: the queues of cockatiel and p-queue
 * know no parties.
 */
export function createFairQueue({ atOnce, waitingMax }: { atOnce: number; waitingMax: number }): FairQueue {
  /** The first party is the next one. */
  const queues = new Map<string, Job[]>()
  let running = 0
  let waiting = 0

  function begin(job: Job): void {
    running += 1
    job.start()
  }
  function startNext(): void {
    running -= 1
    const [first] = queues
    if (first === undefined) return
    const [party, jobs] = first
    const job = jobs.shift()
    queues.delete(party)
    if (jobs.length > 0) queues.set(party, jobs)
    if (job === undefined) return
    waiting -= 1
    begin(job)
  }
  /** Makes room for one that has `own` waiting; false: nobody has more. */
  function evictFor(own: number): boolean {
    let longest: Job[] = []
    for (const jobs of queues.values()) if (jobs.length > longest.length) longest = jobs
    if (longest.length <= own + 1) return false
    longest.pop()?.reject()
    waiting -= 1
    return true
  }
  function enqueue(party: string, job: Job): void {
    const own = queues.get(party) ?? []
    if (waiting >= waitingMax && !evictFor(own.length)) {
      job.reject()
      return
    }
    own.push(job)
    queues.set(party, own)
    waiting += 1
  }

  return {
    run: (party, work) =>
      new Promise((resolve, reject) => {
        const job: Job = {
          start: () => void work().then(resolve, reject).finally(startNext),
          reject: () => reject(new BusyError('too many passwords at once')),
        }
        if (running < atOnce) begin(job)
        else enqueue(party, job)
      }),
  }
}
