import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { AccessToken, WechatAnswer } from '../../wechat/api/client.ts'
import { createAppSecretBackoff, createPlatformSecretBackoff } from './app-secret-backoff.ts'

const ok: WechatAnswer<AccessToken> = {
  kind: 'answered',
  errcode: 0,
  errmsg: '',
  rid: null,
  data: { access_token: 'test-token', expires_in: 7200 },
}
const refused = (errcode: number): WechatAnswer<AccessToken> => ({ ...ok, errcode, data: null })

function setUp() {
  const at = { now: 1_000_000 }
  const reported: string[] = []
  const account = {
    appId: 'wx1',
    appSecret: 'test-secret',
    state: 'active' as 'active' | 'blocked' | 'paused',
    stateReason: null as string | null,
  }
  const tokenOf = createAppSecretBackoff({
    now: () => at.now,
    log: pino({ level: 'silent' }),
    async block(appId, errcode) {
      reported.push(`block ${appId} ${errcode}`)
      account.state = 'blocked'
    },
    async unblock(appId) {
      reported.push(`unblock ${appId}`)
      account.state = 'active'
    },
  })
  let calls = 0
  return {
    at,
    reported,
    account,
    calls: () => calls,
    fetch: (answer: WechatAnswer<AccessToken>) =>
      tokenOf({ ...account }, async () => {
        calls += 1
        return answer
      }),
  }
}

describe('an AppSecret that WeChat refuses', () => {
  it.each([40001, 40013, 40125, 40243, 41002, 41004])('blocks its account: %i', async (errcode) => {
    const s = setUp()
    expect(await s.fetch(refused(errcode))).toEqual(refused(errcode))
    expect(s.reported).toEqual([`block wx1 ${errcode}`])
  })

  it('is tried again after 1 s, 2 s, 4 s … and at most 5 min', async () => {
    const s = setUp()
    const gaps: number[] = []
    let last = s.at.now
    for (let fetched = 0; fetched < 12; ) {
      const before = s.calls()
      expect(await s.fetch(refused(40125))).toEqual(refused(40125))
      if (s.calls() > before) {
        gaps.push((s.at.now - last) / 1_000)
        last = s.at.now
        fetched += 1
      } else s.at.now += 1_000
    }
    expect(gaps).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    expect(s.reported).toEqual(['block wx1 40125'])
  })

  it('is tried at once after a change', async () => {
    const s = setUp()
    await s.fetch(refused(40125))
    s.account.appSecret = 'test-secret-2'
    expect(await s.fetch(ok)).toEqual(ok)
    expect(s.reported).toEqual(['block wx1 40125', 'unblock wx1'])
  })

  it('unblocks its account when WeChat accepts it again', async () => {
    const s = setUp()
    await s.fetch(refused(40243))
    s.at.now += 1_000
    expect(await s.fetch(ok)).toEqual(ok)
    expect(s.reported).toEqual(['block wx1 40243', 'unblock wx1'])
    expect(await s.fetch(ok)).toEqual(ok)
    expect(s.reported).toHaveLength(2)
  })

  it('is tried at once after the clock was set back', async () => {
    const s = setUp()
    await s.fetch(refused(40125))
    s.at.now -= 600_000
    expect(await s.fetch(ok)).toEqual(ok)
  })

  it('does not change an account that an operator paused', async () => {
    const s = setUp()
    s.account.state = 'paused'
    await s.fetch(refused(40125))
    s.at.now += 1_000
    await s.fetch(ok)
    expect(s.reported).toEqual([])
  })
})

describe('a token call that fails for another reason', () => {
  it.each([refused(40164), refused(-1), { kind: 'failed', reason: 'no connection' } as const])(
    'blocks nothing, and may be repeated at once',
    async (answer) => {
      const s = setUp()
      await s.fetch(answer)
      await s.fetch(answer)
      expect([s.calls(), s.reported]).toEqual([2, []])
    },
  )
})

describe('a platform secret that WeChat refuses', () => {
  it('is logged with a remedy, and all accounts of the platform share one backoff', async () => {
    const at = { now: 1_000_000 }
    const lines: Record<string, unknown>[] = []
    const tokenOf = createPlatformSecretBackoff({
      platform: { appId: 'wxplatform', appSecret: 'test-secret' },
      now: () => at.now,
      log: pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    })
    let calls = 0
    const fetch = () =>
      tokenOf(async () => {
        calls += 1
        return refused(40125)
      })
    for (let account = 0; account < 50; account++) expect(await fetch()).toEqual(refused(40125))
    expect(calls).toBe(1)
    expect(lines).toMatchObject([{ errcode: 40125, remedy: expect.stringContaining('COMPONENT_APP_SECRET') }])
    at.now += 1_000
    await fetch()
    expect(calls).toBe(2)
  })
})
