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

/** Makes one request after the other, which get these answers. */
function receive(...answers: Answer[]): void {
  for (const answer of answers) circuit.onRequest()(answer)
}

/** Makes one probe, which gets this answer. */
function probe(answer: Answer): void {
  const endProbe = circuit.admit()
  receive(answer)
  endProbe()
}

describe('the circuit of an account whose requests get no answer', () => {
  it.each([
    ['time-outs', TIMEOUT],
    ['failed connections', UNCONNECTED],
  ])('opens for 2 s after three consecutive %s', (_what, noAnswer) => {
    receive(noAnswer, noAnswer)
    expect(circuit.waitMs()).toBe(0)
    receive(noAnswer)
    expect(circuit.waitMs()).toBe(2_000)
    at += 1_500
    expect(circuit.waitMs()).toBe(500)
    at += 500
    expect(circuit.waitMs()).toBe(0)
  })

  it('opens for longer after each probe without an answer, at most 30 s', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    const waits: number[] = []
    for (let probes = 0; probes < 6; probes++) {
      waits.push(circuit.waitMs())
      at += circuit.waitMs()
      probe(TIMEOUT)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('admits one probe at a time', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at += 2_000
    const endProbe = circuit.admit()
    expect(circuit.waitMs()).toBe(1_000)
    // It made no request, because its follower was paused for example. The next send probes.
    endProbe()
    expect(circuit.waitMs()).toBe(0)
  })

  it('closes once a probe is answered, and opens for 2 s the next time', () => {
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

  it('reports once that it opened and once that it closed', () => {
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

  it('ignores requests that started before it opened or closed', () => {
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

  it('stays open no longer after a last attempt without an answer', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at += 1_000
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    expect(circuit.waitMs()).toBe(1_000)
  })

  it('does not stay open when the clock is set back', () => {
    receive(TIMEOUT, TIMEOUT, TIMEOUT)
    at -= 3_600_000
    expect(circuit.waitMs()).toBe(0)
  })
})

describe('the circuit of an account whose requests are answered', () => {
  it.each<[string, Answer]>([
    ['with an errcode about a follower', answered(45015)],
    ['with the errcode for busy', answered(-1)],
    ['with HTTP 503', { kind: 'failed', reason: 'HTTP 503' }],
    ["with a gateway's page", { kind: 'unclear', after: 'http', reason: 'HTTP 502' }],
    ['with a connection that breaks off', { kind: 'unclear', after: 'lost', reason: 'connection lost' }],
  ])('%s: never opens', (_what, answer) => {
    receive(...Array.from({ length: 9 }, () => answer))
    expect(circuit.waitMs()).toBe(0)
    receive(TIMEOUT, TIMEOUT, answer, TIMEOUT, TIMEOUT)
    expect(circuit.waitMs()).toBe(0)
  })
})
