import { readConfigRevision } from '../store/settings/config-revision.ts'
import type { Services } from './services.ts'

/** A published campaign is live in other processes within 2 s: docs/contract.md#6-operator-api. */
const POLL_MS = 1_000
/** Two changes can share a millisecond: for this long after a change, each check reloads. */
const UNSETTLED_MS = 3_000
/** WeChat keeps uploaded media for three days. A reload every hour uploads those of passive replies again in time. */
const REFRESH_INTERVAL_MS = 3_600_000

/** Keeps accounts and campaigns in memory up to date with the store, whichever process changed them. */
export function startConfigReload(services: Pick<Services, 'db' | 'now' | 'log' | 'reloadConfig'>): {
  stop(): Promise<void>
} {
  const { db, now, log } = services
  let knownFingerprint = ''
  let reloadedAt = now()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let checking: Promise<void> = Promise.resolve()

  async function check(): Promise<void> {
    try {
      const { fingerprint, newest } = await readConfigRevision(db)
      const isSettled = now() - newest > UNSETTLED_MS
      if (fingerprint === knownFingerprint && isSettled && now() - reloadedAt < REFRESH_INTERVAL_MS) return
      await services.reloadConfig()
      knownFingerprint = fingerprint
      reloadedAt = now()
    } catch (err) {
      log.warn(
        { err },
        'accounts and campaigns could not be reloaded; the process keeps using the last known ones',
      )
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
