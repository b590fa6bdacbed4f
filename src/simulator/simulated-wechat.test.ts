import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followerActions } from './callbacks/follower-actions.ts'
import { SimulatedWechat, type SimulatedWechatOptions, type TestClock } from './simulated-wechat.ts'

const APP = 'wxtest0000000001'
const FOLLOWER = { appId: APP, openId: 'oTest' }
const T0 = Date.parse('2026-11-23T08:00:00Z')
const MINUTE = 60_000

beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('success'))
})
afterEach(() => vi.unstubAllGlobals())

function createWechat(options: SimulatedWechatOptions = {}) {
  const wechat = new SimulatedWechat({ now: () => T0, ...options })
  wechat.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: 'http://callback.invalid',
  })
  return wechat
}

describe('followers after a restart of the simulator', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'simulator-test-'))

  it('have the same clock, grants and messages', async () => {
    const dir = folder()
    const statePath = join(dir, 'deep', 'state.json')
    const before = createWechat({ statePath })
    await before.act(FOLLOWER, followerActions.follow())
    await before.fastForward(FOLLOWER, MINUTE)
    before.save()
    const after = createWechat({ statePath })
    expect(after.follower(FOLLOWER)).toEqual(before.follower(FOLLOWER))
    expect(after.follower(FOLLOWER)).toMatchObject({ following: true, offsetMs: MINUTE })
    expect(readFileSync(statePath, 'utf8')).not.toContain('test-secret')
    rmSync(dir, { recursive: true })
  })

  it('have their QR codes, also beside followers saved by an older version', async () => {
    const dir = folder()
    const statePath = join(dir, 'state.json')
    writeFileSync(
      statePath,
      JSON.stringify({ [APP]: [{ ...createWechat().follower(FOLLOWER), following: true }] }),
    )
    const before = createWechat({ statePath })
    expect(before.follower(FOLLOWER)).toMatchObject({ following: true })
    const code = {
      scene: '7',
      isNumber: true,
      ticket: 'test-ticket',
      url: 'http://weixin.qq.com/q/test',
      expiresAt: null,
    }
    before.account(APP).codes.push(code)
    before.save()
    expect(createWechat({ statePath }).account(APP).codes).toEqual([code])
    rmSync(dir, { recursive: true })
  })

  it('are saved soon after a change', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const dir = folder()
    const statePath = join(dir, 'state.json')
    const before = createWechat({ statePath })
    await before.act(FOLLOWER, followerActions.follow())
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()
    expect(createWechat({ statePath }).follower(FOLLOWER).following).toBe(true)
    rmSync(dir, { recursive: true })
  })

  it('are lost when the file is damaged, and the simulator starts empty', () => {
    const dir = folder()
    const statePath = join(dir, 'state.json')
    writeFileSync(statePath, '{"wxtest')
    expect(createWechat({ statePath }).follower(FOLLOWER).following).toBe(false)
    rmSync(dir, { recursive: true })
  })
})

describe('an account that is added again', () => {
  it('gets the new settings and keeps its followers and tokens', async () => {
    const wechat = createWechat()
    await wechat.act(FOLLOWER, followerActions.follow())
    const tokens = wechat.tokens.get(APP)
    wechat.addAccount({
      appId: APP,
      appSecret: 'other-secret',
      token: 'other-token',
      mode: 'plain',
      callbackUrl: 'http://other.invalid',
    })
    expect(wechat.account(APP)).toMatchObject({
      appSecret: 'other-secret',
      callbackUrl: 'http://other.invalid',
    })
    expect(wechat.follower(FOLLOWER).following).toBe(true)
    expect(wechat.tokens.get(APP)).toBe(tokens)
  })
})

describe('a clock that is moved past steps of a run', () => {
  /** A run that acts at these minutes of the follower's clock, and a log of what the clock did. */
  function fakeRun(minutes: number[]) {
    const left = [...minutes]
    const log: string[] = []
    const clock = { at: T0 }
    const testClock: TestClock = {
      async advance(_, ms) {
        clock.at += ms
        log.push(`advance ${ms / MINUTE}`)
        while (left[0] !== undefined && T0 + left[0] * MINUTE <= clock.at) log.push(`step ${left.shift()}`)
      },
      nextAt: async () => (left[0] === undefined ? null : T0 + left[0] * MINUTE),
      async syncTo(_, at) {
        log.push(`sync ${(at - T0) / MINUTE}`)
      },
    }
    return { testClock, log }
  }

  it('stops at each step, so that every send is checked at its own time', async () => {
    const { testClock, log } = fakeRun([2, 5])
    const wechat = createWechat({ testClock })
    await wechat.fastForward(FOLLOWER, 10 * MINUTE)
    expect(log).toEqual(['advance 2', 'step 2', 'advance 3', 'step 5', 'advance 5'])
    expect(wechat.follower(FOLLOWER).offsetMs).toBe(10 * MINUTE)
  })

  it('moves no further than requested', async () => {
    const { testClock, log } = fakeRun([20])
    const wechat = createWechat({ testClock })
    await wechat.fastForward(FOLLOWER, 10 * MINUTE)
    expect(log).toEqual(['advance 10'])
  })

  it('moves to the next step and runs it, or does not move', async () => {
    const { testClock, log } = fakeRun([2])
    const wechat = createWechat({ testClock })
    expect(await wechat.fastForwardToNext(FOLLOWER)).toBe(true)
    expect(log.slice(0, 2)).toEqual(['advance 2', 'step 2'])
    expect(await wechat.fastForwardToNext(FOLLOWER)).toBe(false)
  })

  it('moves a run that starts later forward to the same clock', async () => {
    const { testClock, log } = fakeRun([])
    const wechat = createWechat({ testClock })
    await wechat.act(FOLLOWER, followerActions.follow())
    expect(log).toEqual([])
    await wechat.fastForward(FOLLOWER, 10 * MINUTE)
    await wechat.act(FOLLOWER, followerActions.type('1'))
    expect(log).toEqual(['advance 10', 'sync 10'])
  })
})

describe('a listener', () => {
  it('is notified of every change until it unsubscribes', async () => {
    const wechat = createWechat()
    const notified: string[] = []
    const stop = wechat.listen(({ openId }) => notified.push(openId))
    await wechat.act(FOLLOWER, followerActions.follow())
    expect(new Set(notified)).toEqual(new Set(['oTest']))
    const before = notified.length
    stop()
    await wechat.act(FOLLOWER, followerActions.unfollow())
    expect(notified).toHaveLength(before)
  })
})
