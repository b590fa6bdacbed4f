/** How a stream ended. */
export interface StreamEnd {
  /** How many were sent. */
  lines: number
  /** Why not all were sent. Absent: all were. */
  failed?: string
  /** The error of this server, if it failed by one. */
  err?: unknown
}

/**
 * JSON lines from pages of items. A page is read when the client has taken the one before, so that one page is in memory. When the
 * client goes away, no further page is read. When a page cannot be read, the connection is closed before its end, so that the
 * client does not take a part for the whole.
 * @param ended is called once
 */
export function jsonLines(
  pages: AsyncIterator<readonly unknown[], void>,
  ended: (end: StreamEnd) => Promise<void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let lines = 0
  let isEnded = false
  const end = async (how: Omit<StreamEnd, 'lines'>): Promise<void> => {
    if (isEnded) return
    isEnded = true
    await ended({ lines, ...how })
  }
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await pages.next()
          if (isEnded) return
          if (done) {
            await end({})
            controller.close()
            return
          }
          lines += value.length
          controller.enqueue(encoder.encode(value.map((item) => `${JSON.stringify(item)}\n`).join('')))
        } catch (err) {
          const failed = 'a page could not be read'
          await end({ failed, err })
          // Without the details: the adapter prints it.
          controller.error(new Error(failed))
        }
      },
      async cancel() {
        await end({ failed: 'the client has closed the connection' })
        await pages.return?.()
      },
    },
    // Nothing is read ahead.
    { highWaterMark: 0 },
  )
}
