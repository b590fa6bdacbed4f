import { beforeEach, describe, expect, it } from 'vitest'
import { createWechatClient, type WechatAnswer, type WechatClient } from '../src/wechat/client.ts'
import { createGate, type Gate } from './gate.ts'

const MINUTE = 60_000
/** The start of a minute. */
const START = 30_000_000 * MINUTE

let at: number
let gate: Gate
beforeEach(() => {
  at = START + 20_000
  gate = createGate({ slots: 8, now: () => at, random: () => 0.5 })
})

const enter = (appId = 'wxA', lastTry = false) => gate.enter(appId, { lastTry })
const PLACE = { leave: expect.any(Function) as unknown }

/** The account's client, at a WeChat that says this to every request. */
function clientThatHears(answer: WechatAnswer<never>, appId = 'wxA'): WechatClient {
  const say = async () => answer
  const real = createWechatClient({ apiBase: 'http://127.0.0.1:9' })
  return gate.hearing(appId, { ...real, stableToken: say, customSend: say, uploadMedia: say })
}

const SILENCE = { kind: 'unclear', after: 'timeout', reason: 'no answer within 10 s' } as const

async function threeTimeouts(): Promise<void> {
  const client = clientThatHears(SILENCE)
  await client.stableToken({ appId: 'wxA', appSecret: 's' })
  await client.customSend('token', {})
  await client.uploadMedia('token', {
    type: 'image',
    filename: 'a.png',
    contentType: 'image/png',
    bytes: Buffer.of(),
  })
}

describe('an account that hangs', () => {
  it('is kept away after three of its requests, of whatever kind, timed out; the others are not', async () => {
    await threeTimeouts()
    expect(enter()).toEqual({ busy: "the account's requests get no answer", waitMs: 2_500 })
    expect(enter('wxB')).toEqual(PLACE)
  })

  it('is named when it begins and when it ends', async () => {
    const told: [string, boolean][] = []
    gate = createGate({ slots: 8, now: () => at, onChange: (appId, open) => told.push([appId, open]) })
    await threeTimeouts()
    const well = { kind: 'answered', errcode: 0, errmsg: '', rid: null, data: null } as const
    await clientThatHears(well, 'wxB').customSend('t', {})
    await clientThatHears(well).customSend('t', {})
    expect(told).toEqual([
      ['wxA', true],
      ['wxA', false],
    ])
  })

  it('has one probe, then is open to all or to none', async () => {
    await threeTimeouts()
    at += 2_000
    expect(enter()).toEqual(PLACE)
    expect(enter()).toMatchObject({ waitMs: 1_500 })
    await clientThatHears(SILENCE).customSend('token', {})
    expect(enter()).toMatchObject({ waitMs: 4_500 })
    at += 4_000
    expect(enter()).toEqual(PLACE)
    await clientThatHears({ kind: 'answered', errcode: 0, errmsg: '', rid: null, data: null }).customSend(
      't',
      {},
    )
    // One of its two slots is still held by the first probe, the other by the second.
    expect(enter()).toEqual({ busy: 'the account has its share of send slots', waitMs: 250 })
  })

  it('gives slot and probe back with the place', async () => {
    await threeTimeouts()
    at += 2_000
    for (let i = 0; i < 5; i++) {
      const place = enter()
      if ('busy' in place) throw new Error(place.busy)
      place.leave()
    }
  })
})

describe('an account over its minute limit', () => {
  it('waits for the next minute, spread over its first seconds; the others do not', () => {
    expect(gate.tooFast('wxA')).toBe(42_500)
    at += 10_000
    expect(enter()).toEqual({ busy: 'minute limit of the account (45011)', waitMs: 32_500 })
    expect(enter('wxB')).toEqual(PLACE)
    at = START + MINUTE - 1
    expect(enter()).toMatchObject({ waitMs: 2_501 })
    at = START + MINUTE
    expect(enter()).toEqual(PLACE)
  })
})

describe('the last try before the margin', () => {
  it('is let in all the same', async () => {
    await threeTimeouts()
    gate.tooFast('wxA')
    expect(enter('wxA', true)).toEqual(PLACE)
  })

  it('is not when the account has its share of slots', () => {
    enter()
    enter()
    expect(enter('wxA', true)).toMatchObject({ waitMs: 250 })
  })
})
