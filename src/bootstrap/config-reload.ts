import { readConfigRevision } from '../store/settings/config-revision.ts'
import type { Services } from './services.ts'

/** Contract, section 6: a published campaign is live in other processes within two seconds. */
const POLL_MS = 1_000
/** Two changes can share a millisecond: so soon after one, memory is read anew at every look. */
const UNSETTLED_MS = 3_000
/** Media of passive replies live three days at WeChat: they are looked after once an hour. */
const REFRESH_INTERVAL_MS = 3_600_000

/** Keeps what this process has in memory as the store has it, whichever process changed it. */
export function startConfigReload(services: Pick<Services, 'db' | 'now' | 'log' | 'reloadConfig'>): {
  stop(): Promise<void>
} {
  const { db, now, log } = services
  let knownMark = ''
  let reloadedAt = now()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let checking: Promise<void> = Promise.resolve()

  async function check(): Promise<void> {
    try {
      const { fingerprint: mark, newest } = await readConfigRevision(db)
      const settled = now() - newest > UNSETTLED_MS
      if (mark === knownMark && settled && now() - reloadedAt < REFRESH_INTERVAL_MS) return
      await services.reloadConfig()
      knownMark = mark
      reloadedAt = now()
    } catch (err) {
      log.warn({ err }, 'accounts and campaigns could not be read; the last known ones are used')
    }
  }

  const tick = () => {
    checking = check().finally(() => {
      if (!stopped) timer = setTimeout(tick, POLL_MS)
    })
  }
  timer = setTimeout(tick, POLL_MS)

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await checking
    },
  }
}
