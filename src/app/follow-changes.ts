import { readRevision } from '../store/revision.ts'
import type { Product } from './product.ts'

/** Contract, section 6: a published campaign is live in other processes within two seconds. */
const LOOK_MS = 1_000
/** Two changes can share a millisecond: so soon after one, memory is read anew at every look. */
const UNSETTLED_MS = 3_000
/** Media of passive replies live three days at WeChat: they are looked after once an hour. */
const REFRESH_MS = 3_600_000

/** Keeps what this process has in memory as the store has it, whichever process changed it. */
export function followChanges(product: Pick<Product, 'db' | 'now' | 'log' | 'changed'>): {
  stop(): Promise<void>
} {
  const { db, now, log } = product
  let known = ''
  let readAt = now()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()

  async function look(): Promise<void> {
    try {
      const { mark, newest } = await readRevision(db)
      const settled = now() - newest > UNSETTLED_MS
      if (mark === known && settled && now() - readAt < REFRESH_MS) return
      await product.changed()
      known = mark
      readAt = now()
    } catch (err) {
      log.warn({ err }, 'accounts and campaigns could not be read; the last known ones are used')
    }
  }

  const tick = () => {
    looking = look().finally(() => {
      if (!stopped) timer = setTimeout(tick, LOOK_MS)
    })
  }
  timer = setTimeout(tick, LOOK_MS)

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looking
    },
  }
}
