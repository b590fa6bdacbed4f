import { createAccessTokenRefresh } from '../src/jobs/refresh-access-tokens.ts'
import { dayInBeijing } from '../src/shared/beijing-time.ts'
import { createTokenStore } from '../src/store/accounts/access-token-store.ts'
import { createSealer } from '../src/store/encryption/sealer.ts'
import { openStore } from '../src/store/open-store.ts'
import { createTokenProvider } from '../src/wechat/api/tokens.ts'
import { type Figure, runConcurrently } from './stats.ts'

const ACCOUNTS = 200
const WORKERS = 4
const HOURS = 12
const STEP_MS = 30_000
const LIFE_S = 7_200
/** WeChat issues a new token only in the last five minutes of the current one. */
const OVERLAP_S = 300

/** Token refreshes an hour, by four workers that share a store and need every token. The bench controls their clock. */
export async function measureTokenRefreshes(): Promise<Figure[]> {
  let now = Date.parse('2026-01-01T00:00:00Z')
  let calls = 0
  const { db, close } = await openStore({ databaseUrl: undefined, dataDir: null })
  const store = createTokenStore(db, createSealer('test-encryption-key'))
  const log = { warn: () => {} }
  const workers = Array.from({ length: WORKERS }, (_, i) => {
    const tokens = createTokenProvider({
      store,
      ownerId: `worker-${i}`,
      now: () => now,
      dayOf: dayInBeijing,
      async fetchToken() {
        calls += 1
        const data = { access_token: `test-${calls}`, expires_in: LIFE_S }
        return { kind: 'answered', errcode: 0, errmsg: '', rid: null, data }
      },
    })
    return {
      tokens,
      job: createAccessTokenRefresh({ db, tokens, now: () => now, blockedForSecret: async () => [], log }),
    }
  })
  const requestAllTokens = () =>
    Promise.all(
      workers.map(({ tokens }) =>
        runConcurrently(ACCOUNTS, 20, async (i) => void (await tokens.getToken(`wxbench${i}`))),
      ),
    )
  await requestAllTokens()
  calls = 0
  for (let ms = 0; ms < HOURS * 3_600_000; ms += STEP_MS) {
    now += STEP_MS
    await Promise.all(workers.map(({ job }) => job.run({ lastRunAt: null })))
    if (ms % 1_800_000 === 0) await requestAllTokens()
  }
  await close()
  const least = (ACCOUNTS * 3_600) / (LIFE_S - OVERLAP_S)
  return [
    {
      name: `token refreshes an hour, ${ACCOUNTS} accounts, ${WORKERS} workers`,
      unit: 'calls',
      value: calls / HOURS,
      reference: { name: 'minimum by expiry', value: least },
    },
  ]
}
