import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createAccessTokenRefresh } from '../../src/jobs/refresh-access-tokens.ts'
import { accessTokens } from '../../src/store/schema.ts'
import type { TokenAnswer } from '../../src/wechat/api/tokens.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const NOW = 1_800_000_000_000
const TOKEN: TokenAnswer = { ok: true, accessToken: 'test-token' }

describeOnBothStores('the refresh of access tokens', (store) => {
  /** Accounts whose tokens expire within a minute. */
  async function expiring(...appIds: string[]): Promise<void> {
    await store()
      .db.insert(accessTokens)
      .values(appIds.map((appId) => ({ appId, tokenSealed: 'test', expiresAt: NOW + 60_000 })))
  }

  /** `fetch`: what an account's token call does. */
  function refresh(
    fetch: (appId: string) => Promise<TokenAnswer>,
    { blocked = [], monotonic = () => 0 }: { blocked?: string[]; monotonic?: () => number } = {},
  ) {
    const asked: string[] = []
    const job = createAccessTokenRefresh({
      db: store().db,
      tokens: {
        getToken(appId) {
          asked.push(appId)
          return fetch(appId)
        },
      },
      now: () => NOW,
      blockedForSecret: async () => blocked,
      log: pino({ level: 'silent' }),
      monotonic,
    })
    return { asked, run: () => job.run({ lastRunAt: null }) }
  }

  it('goes on with the other accounts when one has a token that cannot be read', async () => {
    await expiring('wxA', 'wxBroken', 'wxC')
    const { asked, run } = refresh(
      async (appId) => {
        if (appId === 'wxBroken') throw new Error('no key for the token')
        return TOKEN
      },
      { blocked: ['wxBlocked'] },
    )
    expect(await run()).toBe('finished')
    expect(asked.toSorted()).toEqual(['wxA', 'wxBlocked', 'wxBroken', 'wxC'])
  })

  it('does not wait for an account that gives no answer before it asks for the others', async () => {
    await expiring('wxA', 'wxHangs', 'wxC')
    let answer = () => {}
    const hanging = new Promise<TokenAnswer>((resolve) => {
      answer = () => resolve(TOKEN)
    })
    const { asked, run } = refresh(async (appId) => (appId === 'wxHangs' ? hanging : TOKEN))
    const running = run()
    await expect.poll(() => asked.toSorted()).toEqual(['wxA', 'wxC', 'wxHangs'])
    answer()
    expect(await running).toBe('finished')
  })

  it('leaves the rest to the next round when its time is over, and begins with it', async () => {
    await expiring(...Array.from({ length: 25 }, (_, i) => `wx${i}`))
    let clock = 0
    const { asked, run } = refresh(
      async () => {
        await setImmediate()
        clock += 20_000
        return TOKEN
      },
      { monotonic: () => clock },
    )
    expect(await run()).toBe('unfinished')
    expect(asked).toHaveLength(10)
    await run()
    expect(new Set(asked).size).toBe(20)
    await run()
    expect(new Set(asked).size).toBe(25)
  })
})
