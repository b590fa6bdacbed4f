import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { maskId } from '../../src/shared/ids.ts'
import { type CollectedSpan, type Collector, startCollector } from '../fixtures/otlp-collector.ts'
import { freshNamespace } from '../harness/fresh-namespace.ts'
import {
  callApi,
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxsimulated000001'
const FOLLOWER = 'oTracedFollower01'
const SAYS = '悄悄话4711'
const SEND = 'POST /cgi-bin/message/custom/send'
const CLIENT = 3
const SERVER = 2
const temporalAddress = inject('temporalAddress')

interface Running {
  program: Program
  dataDir: string
  /** An action of the follower. */
  act(action: object): Promise<unknown>
  advance(ms: number): Promise<unknown>
  logged(msg: string): number
  stop(): Promise<void>
}

async function startTraced(otel: Record<string, string>): Promise<Running> {
  const { env, dataDir, cleanUp: removeFolder } = await isolatedSettings()
  const target = {
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: await freshNamespace(temporalAddress),
  }
  const program = spawnProgram('src/start.ts', { ...env, ...target, ...otel, LOG_LEVEL: 'info' })
  await waitUntilReady(program)
  const phone = `http://127.0.0.1:${env.SIMULATOR_PORT}/_sim/${APP}/${FOLLOWER}`
  return {
    program,
    dataDir,
    act: (action) => callApi(phone, '/act', action),
    advance: (ms) => callApi(phone, '/fast-forward', { ms }),
    logged: (msg) => program.stderr().split(`"msg":"${msg}`).length - 1,
    async stop() {
      program.process.kill('SIGTERM')
      await program.exited
      removeFolder()
    },
  }
}

describe.skipIf(!temporalAddress)('one follower of npm start, with traces', () => {
  let collector: Collector
  let running: Running
  let secrets: string[]
  beforeAll(async () => {
    collector = await startCollector()
    running = await startTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=collector-secret',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    })
    secrets = [
      readFileSync(join(running.dataDir, 'encryption-key'), 'utf8').trim(),
      'test-admin-token',
      'test-secret-of-the-simulated-account',
      'testtesttest',
      'collector-secret',
      // The prefix of the simulator's access tokens.
      'test_',
    ]
    await running.act({ do: 'follow' })
    await waitFor(() => running.logged('run began') === 1)
    await running.act({ do: 'type', text: SAYS })
    await waitFor(() => running.logged('send ended') === 1)
    await running.advance(25 * 3_600_000)
    await waitFor(() => running.logged('send ended') === 3)
    await waitFor(() => spans('send').length === 3)
  })
  afterAll(async () => {
    await running?.stop()
    await collector?.close()
  })

  const spans = (name: string) => collector.spans().filter((s) => s.name === name)
  const singleSpan = (name: string, where: (span: CollectedSpan) => boolean = () => true): CollectedSpan => {
    const found = spans(name).filter(where)
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} of ${name}`)
    return found[0]
  }
  const ofKind = (kind: string) => (span: CollectedSpan) => span.attributes.kind === kind
  const parentOf = (span: CollectedSpan) => collector.spans().find((s) => s.spanId === span.parentSpanId)
  const line = (span: CollectedSpan): string[] => {
    const parent = parentOf(span)
    return parent ? [...line(parent), span.name] : [span.name]
  }

  it('a follow has one trace, from its callback to all requests, including those of the next day', () => {
    const callback = singleSpan('callback', ofKind('subscribe'))
    const requests = spans(SEND)
    expect(requests).toHaveLength(3)
    for (const request of requests) {
      expect(line(request)).toEqual(['callback', 'dispatch', 'signalWithStart FollowerNurture', 'send', SEND])
      expect(request.traceId).toBe(callback.traceId)
    }
    expect(callback.parentSpanId).toBeFalsy()
    expect(spans('send').map((s) => s.attributes.step)).toEqual(['gift', 'tip', 'day-1'])
  })

  it('a reply has a trace of its own, and the sends after it link to it', () => {
    const reply = singleSpan('callback', ofKind('text'))
    const signal = singleSpan('signal interaction')
    expect(line(signal)).toEqual(['callback', 'dispatch', 'signal interaction'])
    expect(signal.traceId).toBe(reply.traceId)
    expect(reply.traceId).not.toBe(singleSpan('callback', ofKind('subscribe')).traceId)
    for (const send of spans('send')) expect(send.links).toMatchObject([{ spanId: signal.spanId }])
  })

  it('spans have the attributes of the log lines, and the key that finds them', () => {
    const about = { appId: APP, follower: maskId(FOLLOWER) }
    const callback = singleSpan('callback', ofKind('subscribe'))
    const { key } = callback.attributes
    expect(running.program.stderr()).toContain(`"key":"${key}"`)
    expect(callback).toMatchObject({ kind: SERVER, attributes: { ...about, result: 'accepted' } })
    expect(singleSpan('dispatch', ofKind('subscribe')).attributes).toMatchObject({
      ...about,
      key,
      run: key,
      result: 'started',
    })
    expect(singleSpan('dispatch', ofKind('text')).attributes).toMatchObject({ run: key, result: 'signalled' })
    for (const send of spans('send'))
      expect(send.attributes).toMatchObject({ ...about, key, run: key, result: 'sent', attempt: 1 })
    for (const request of spans(SEND)) {
      expect(request).toMatchObject({
        kind: CLIENT,
        attributes: {
          'url.path': '/cgi-bin/message/custom/send',
          'http.response.status_code': 200,
          errcode: 0,
        },
      })
    }
  })

  it('spans contain no personal data and no secret', () => {
    const all = Buffer.concat(collector.bodies).toString()
    for (const word of [FOLLOWER, SAYS, '新手资料', 'access_token', ...secrets])
      expect(all, word).not.toContain(word)
    expect(collector.headers[0]).toMatchObject({ 'x-api-key': 'collector-secret' })
    expect(running.program.stderr()).not.toContain('collector-secret')
  })
})

describe.skipIf(!temporalAddress)('an unreachable collector', () => {
  let running: Running
  beforeAll(async () => {
    const gone = await startCollector()
    await gone.close()
    running = await startTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: gone.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    })
  })
  afterAll(() => running?.stop())

  it('affects nothing: the message is sent, and one log line reports it', async () => {
    await running.act({ do: 'follow' })
    await waitFor(() => running.logged('run began') === 1)
    await waitFor(() => running.logged('traces: the collector does not accept them') === 1)
    await running.act({ do: 'type', text: SAYS })
    await waitFor(() => running.logged('send ended') === 1)
    await running.act({ do: 'unfollow' })
    await waitFor(() => running.logged('run ended') === 1)
    expect(running.logged('traces: ')).toBe(1)
  })
})
