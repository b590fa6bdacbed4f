import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followerActions } from './callbacks/follower-actions.ts'
import { SimulatedWechat, type SimulatedWechatOptions, type TestClock } from './simulated-wechat.ts'

const APP = 'wxtest0000000001'
const WHO = { appId: APP, openId: 'oTest' }
const T0 = Date.parse('2026-11-23T08:00:00Z')
const MINUTE = 60_000

beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('success'))
})
afterEach(() => vi.unstubAllGlobals())

function worldWith(options: SimulatedWechatOptions = {}) {
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

describe('followers of a simulator that was closed', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'simulator-test-'))

  it('are there again, with their clock, grants and messages', async () => {
    const dir = folder()
    const statePath = join(dir, 'deep', 'state.json')
    const before = worldWith({ statePath })
    await before.act(WHO, followerActions.follow())
    await before.fastForward(WHO, MINUTE)
    before.save()
    const after = worldWith({ statePath })
    expect(after.follower(WHO)).toEqual(before.follower(WHO))
    expect(after.follower(WHO)).toMatchObject({ following: true, offsetMs: MINUTE })
    expect(readFileSync(statePath, 'utf8')).not.toContain('test-secret')
    rmSync(dir, { recursive: true })
  })

  it('find the codes that were made for them, also beside followers that an older version kept', async () => {
    const dir = folder()
    const statePath = join(dir, 'state.json')
    writeFileSync(statePath, JSON.stringify({ [APP]: [{ ...worldWith().follower(WHO), following: true }] }))
    const before = worldWith({ statePath })
    expect(before.follower(WHO)).toMatchObject({ following: true })
    const code = {
      scene: '7',
      isNumber: true,
      ticket: 'test-ticket',
      url: 'http://weixin.qq.com/q/test',
      expiresAt: null,
    }
    before.account(APP).codes.push(code)
    before.save()
    expect(worldWith({ statePath }).account(APP).codes).toEqual([code])
    rmSync(dir, { recursive: true })
  })

  it('are saved soon after something happened', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const dir = folder()
    const statePath = join(dir, 'state.json')
    const before = worldWith({ statePath })
    await before.act(WHO, followerActions.follow())
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()
    expect(worldWith({ statePath }).follower(WHO).following).toBe(true)
    rmSync(dir, { recursive: true })
  })

  it('are forgotten when the file is damaged, and the simulator begins anew', () => {
    const dir = folder()
    const statePath = join(dir, 'state.json')
    writeFileSync(statePath, '{"wxtest')
    expect(worldWith({ statePath }).follower(WHO).following).toBe(false)
    rmSync(dir, { recursive: true })
  })
})

describe('an account that is added again', () => {
  it('takes the new settings and keeps its followers and tokens', async () => {
    const wechat = worldWith()
    await wechat.act(WHO, followerActions.follow())
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
    expect(wechat.follower(WHO).following).toBe(true)
    expect(wechat.tokens.get(APP)).toBe(tokens)
  })
})

describe('a clock that is moved over a run’s steps', () => {
  /** A run that does something at these minutes of the follower's clock. */
  function engine(minutes: number[]) {
    const left = [...minutes]
    const told: string[] = []
    const clock = { at: T0 }
    const machine: TestClock = {
      async advance(_, ms) {
        clock.at += ms
        told.push(`hop ${ms / MINUTE}`)
        while (left[0] !== undefined && T0 + left[0] * MINUTE <= clock.at) told.push(`step ${left.shift()}`)
      },
      nextAt: async () => (left[0] === undefined ? null : T0 + left[0] * MINUTE),
      async syncTo(_, at) {
        told.push(`align ${(at - T0) / MINUTE}`)
      },
    }
    return { machine, told }
  }

  it('stops at each of them, so that every send is judged at its own time', async () => {
    const { machine, told } = engine([2, 5])
    const wechat = worldWith({ testClock: machine })
    await wechat.fastForward(WHO, 10 * MINUTE)
    expect(told).toEqual(['hop 2', 'step 2', 'hop 3', 'step 5', 'hop 5'])
    expect(wechat.follower(WHO).offsetMs).toBe(10 * MINUTE)
  })

  it('goes no further than it was asked', async () => {
    const { machine, told } = engine([20])
    const wechat = worldWith({ testClock: machine })
    await wechat.fastForward(WHO, 10 * MINUTE)
    expect(told).toEqual(['hop 10'])
  })

  it('goes to the next step and does it, or stays', async () => {
    const { machine, told } = engine([2])
    const wechat = worldWith({ testClock: machine })
    expect(await wechat.fastForwardToNext(WHO)).toBe(true)
    expect(told.slice(0, 2)).toEqual(['hop 2', 'step 2'])
    expect(await wechat.fastForwardToNext(WHO)).toBe(false)
  })

  it('brings a run that begins later up to the same clock', async () => {
    const { machine, told } = engine([])
    const wechat = worldWith({ testClock: machine })
    await wechat.act(WHO, followerActions.follow())
    expect(told).toEqual([])
    await wechat.fastForward(WHO, 10 * MINUTE)
    await wechat.act(WHO, followerActions.type('1'))
    expect(told).toEqual(['hop 10', 'align 10'])
  })
})

describe('who watches', () => {
  it('hears of every change, until the watch ends', async () => {
    const wechat = worldWith()
    const heard: string[] = []
    const stop = wechat.listen(({ openId }) => heard.push(openId))
    await wechat.act(WHO, followerActions.follow())
    expect(new Set(heard)).toEqual(new Set(['oTest']))
    const before = heard.length
    stop()
    await wechat.act(WHO, followerActions.unfollow())
    expect(heard).toHaveLength(before)
  })
})
