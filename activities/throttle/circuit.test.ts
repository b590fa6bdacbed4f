import { beforeEach, describe, expect, it } from 'vitest'
import type { WechatAnswer } from '../../src/wechat/api/client.ts'
import { type Circuit, createCircuit } from './circuit.ts'

type Answer = WechatAnswer<object>
const TIMEOUT: Answer = { kind: 'unclear', after: 'timeout', reason: 'no answer within 10 s' }
const UNCONNECTED: Answer = { kind: 'failed', unconnected: true, reason: 'no connection to WeChat' }
const answered = (errcode: number): Answer => ({
  kind: 'answered',
  errcode,
  errmsg: '',
  rid: null,
  data: null,
})

let at: number
let circuit: Circuit
beforeEach(() => {
  at = 1_800_000_000_000
  circuit = createCircuit(() => at)
})

/** Requests one after the other. */
function receive(...answers: Answer[]): void {
  for (const answer of answers) circuit.onRequest()(answer)
}

/** One probe, which gets this answer. */
function probe(answer: Answer): void {
  const leave = circuit.admit()
  receive(answer)
  leave()
}

describe('an account whose requests get no answer', () => {
  it.each([
    ['time-outs', TIMEOUT],
    ['connections that cannot be made', UNCONNECTED],
  ])('is left alone for 2 s after three %s in a row', (_what, noAnswer) => {
    receive(noAnswer, noAnswer)
    expect(circuit.waitMs()).toBe(0)
    receive(noAnswer)
    expect(circuit.waitMs()).toBe(2_000)
    at += 1_500
    expect(circuit.waitMs()).toBe(500)
    at += 500
    expect(circuit.waitMs()).toBe(0)
  })

  it('is left alone for longer after each probe that gets none either, 30 s at most', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    const waits: number[] = []
    for (let probes = 0; probes < 6; probes++) {
      waits.push(circuit.waitMs())
      at += circuit.waitMs()
      probe(TIMEOUT)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('lets one probe in at a time', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at += 2_000
    const leave = circuit.admit()
    expect(circuit.waitMs()).toBe(1_000)
    // Its follower was paused, say: it made no request, and the next one probes.
    leave()
    expect(circuit.waitMs()).toBe(0)
  })

  it('is open to all again once a probe is answered, and starts from 2 s the next time', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at += 2_000
    probe(TIMEOUT)
    at += 4_000
    probe(answered(0))
    expect(circuit.waitMs()).toBe(0)
    receive(TIMEOUT, TIMEOUT)
    expect(circuit.waitMs()).toBe(0)
    receive(TIMEOUT)
    expect(circuit.waitMs()).toBe(2_000)
  })

  it('is told of once when it begins and once when it ends', () => {
    const changes: boolean[] = []
    circuit = createCircuit(
      () => at,
      (open) => changes.push(open),
    )
    receive(answered(0), TIMEOUT, TIMEOUT)
    expect(changes).toEqual([])
    receive(TIMEOUT)
    at += 2_000
    probe(TIMEOUT)
    expect(changes).toEqual([true])
    at += 4_000
    probe(answered(45015))
    receive(answered(0))
    expect(changes).toEqual([true, false])
  })

  it('is not judged by requests that began before it was left alone, or before it came back', () => {
    const old = Array.from({ length: 9 }, () => circuit.onRequest())
    for (const end of old.slice(0, 6)) end(TIMEOUT)
    at += 2_000
    for (const end of old.slice(6)) end(TIMEOUT)
    expect(circuit.waitMs()).toBe(0)
    const during = Array.from({ length: 3 }, () => circuit.onRequest())
    probe(answered(0))
    for (const end of during) end(TIMEOUT)
    expect(circuit.waitMs()).toBe(0)
  })

  it('is not left alone for longer because of a last try that gets no answer', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at += 1_000
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    expect(circuit.waitMs()).toBe(1_000)
  })

  it('is not left alone for ever by a clock that is set back', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at -= 3_600_000
    expect(circuit.waitMs()).toBe(0)
  })
})

describe('an account that answers', () => {
  it.each<[string, Answer]>([
    ['an errcode of a follower', answered(45015)],
    ['that it is busy', answered(-1)],
    ['out of service', { kind: 'failed', reason: 'HTTP 503' }],
    ['a page of a gateway', { kind: 'unclear', after: 'http', reason: 'HTTP 502' }],
    ['and breaks off', { kind: 'unclear', after: 'lost', reason: 'connection lost' }],
  ])('%s: is never left alone', (_what, answer) => {
    receive(...Array.from({ length: 9 }, () => answer))
    expect(circuit.waitMs()).toBe(0)
    receive(TIMEOUT, TIMEOUT, answer, TIMEOUT, TIMEOUT)
    expect(circuit.waitMs()).toBe(0)
  })
})
