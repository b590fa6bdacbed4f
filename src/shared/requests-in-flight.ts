/** The requests that a process is answering. */
export interface RequestsInFlight {
  /** Counts a request until its answer is there. */
  during<T>(answer: () => Promise<T>): Promise<T>
  /** Resolves once there is none. */
  none(): Promise<void>
}

export function createRequestsInFlight(): RequestsInFlight {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    async during(answer) {
      count += 1
      try {
        return await answer()
      } finally {
        count -= 1
        if (count === 0) {
          for (const resolve of waiting) resolve()
          waiting = []
        }
      }
    },
    async none() {
      if (count > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
