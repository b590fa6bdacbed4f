import { Hono } from 'hono'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { ApiError, respondWithError } from '../api-error.ts'
import { createBodyBudget } from './body-budget.ts'
import { type BoundedBodyOptions, boundedBody } from './bounded-body.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const LIMITS = { 'signed-in': 100, anonymous: 40 }

function appWith(bound: Partial<BoundedBodyOptions> = {}) {
  const held: number[] = []
  const budget = createBodyBudget((_, bytes) => held.push(bytes), LIMITS)
  let inside: () => Promise<void> = async () => {}
  const app = new Hono()
  app.onError((err, c) => respondWithError(err, c, pino({ level: 'silent' })))
  app.use(
    boundedBody({
      budget,
      pool: 'signed-in',
      max: () => 60,
      tooLarge() {
        throw new ApiError(413, 'too-large', 'over 60')
      },
      ...bound,
    }),
  )
  app.post('/', async (c) => {
    const text = await c.req.text()
    await inside()
    return c.text(text)
  })
  const post = (body: string | ReadableStream<Uint8Array>, headers: Record<string, string> = {}) =>
    app.request('/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
  return {
    held,
    budget,
    post,
    /** Runs this in the handler, after it has read the body. */
    hold(work: () => Promise<void>) {
      inside = work
    },
  }
}

/** A stream that counts the bytes that were read from it. */
function source(piece: number, times: number, end: 'close' | 'error' | 'never' = 'close') {
  const given = { bytes: 0 }
  let left = times
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left-- > 0) {
          given.bytes += piece
          controller.enqueue(new Uint8Array(piece).fill(97))
        } else if (end === 'close') controller.close()
        else if (end === 'error') controller.error(new Error('the client left'))
        else return new Promise(() => {})
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, given }
}

describe('the body of a request', () => {
  it('reaches the handler completely, counts until the response, and is released then', async () => {
    const { post, held, budget, hold } = appWith()
    let during = 0
    hold(async () => {
      during = budget.held('signed-in')
    })
    expect(await (await post(source(10, 5).stream)).text()).toBe('a'.repeat(50))
    expect(during).toBe(50)
    expect(held.at(-1)).toBe(0)
  })

  it('is refused by its announced length before any of it is read', async () => {
    const { post, held } = appWith()
    const { stream, given } = source(10, 10)
    expect((await post(stream, { 'content-length': '61' })).status).toBe(413)
    expect({ given: given.bytes, held }).toEqual({ given: 0, held: [] })
  })

  it('is not read past the limit if it announces no length', async () => {
    const { post, budget } = appWith()
    const { stream, given } = source(10, 1_000)
    expect((await post(stream, { 'transfer-encoding': 'chunked' })).status).toBe(413)
    expect(given.bytes).toBeLessThanOrEqual(70)
    expect(budget.held('signed-in')).toBe(0)
  })

  it('shares a bounded pool: a body without room is refused, and the others continue', async () => {
    const { post, budget, hold } = appWith({ pool: 'anonymous' })
    let go = () => {}
    const waiting = new Promise<void>((resolve) => {
      go = resolve
    })
    hold(() => waiting)
    const inside = post(source(40, 1).stream, { 'content-length': '40' })
    await expect.poll(() => budget.held('anonymous')).toBe(40)
    expect((await post('b')).status).toBe(503)
    go()
    expect((await inside).status).toBe(200)
    expect(budget.held('anonymous')).toBe(0)
  })

  it('is refused with 503, what to do, and Retry-After', async () => {
    const { post, budget } = appWith({ pool: 'anonymous' })
    budget.reserve('anonymous', null).grow(40, true)
    const answer = await post('b')
    expect({ status: answer.status, after: answer.headers.get('retry-after') }).toEqual({
      status: 503,
      after: '2',
    })
    expect(await answer.json()).toMatchObject({
      error: { code: 'busy', message: expect.stringContaining('Try again in 2 s') },
    })
  })

  it('releases its bytes if the client disconnects, and if the handler throws', async () => {
    const { post, budget, hold } = appWith()
    expect((await post(source(10, 3, 'error').stream)).status).toBe(400)
    expect(budget.held('signed-in')).toBe(0)
    hold(() => Promise.reject(new Error('test failure')))
    expect((await post('c')).status).toBe(500)
    expect(budget.held('signed-in')).toBe(0)
  })

  it('that arrives in one piece has room beside many that stall', async () => {
    const { post, budget } = appWith({ pool: 'anonymous', timeoutMs: 3_000 })
    const stalled = Array.from({ length: 10 }, () => post(source(5, 1, 'never').stream))
    await expect.poll(() => budget.held('anonymous')).toBe(20)
    expect((await post('name=lin', { 'content-length': '8' })).status).toBe(200)
    expect((await Promise.all(stalled)).map((r) => r.status).sort()).toEqual([
      ...Array(4).fill(408),
      ...Array(6).fill(503),
    ])
  })

  it('is refused with 408 if it stalls', async () => {
    const { post, budget } = appWith({ timeoutMs: 20 })
    const answer = await post(source(10, 1, 'never').stream)
    expect({ status: answer.status, held: budget.held('signed-in') }).toEqual({ status: 408, held: 0 })
  })
})

describe('the budget of all bodies', () => {
  it('lets one sender hold a quarter of the anonymous pool', () => {
    const budget = createBodyBudget(() => {}, LIMITS)
    const one = budget.reserve('anonymous', '192.0.2.1')
    expect(one.grow(10)).toBe(true)
    expect(budget.reserve('anonymous', '192.0.2.1').grow(1)).toBe(false)
    expect(budget.reserve('anonymous', '192.0.2.2').grow(10)).toBe(true)
    one.release()
    one.release()
    expect(budget.held('anonymous')).toBe(10)
    expect(budget.reserve('anonymous', '192.0.2.1').grow(10)).toBe(true)
  })

  it('counts authenticated requests by user or token', async () => {
    const budget = createBodyBudget(() => {}, LIMITS)
    const app = new Hono()
    app.onError((err, c) => respondWithError(err, c, pino({ level: 'silent' })))
    app.use(async (c, next) => {
      c.set('principal', { actor: c.req.header('x-who') ?? '', role: 'viewer' })
      await next()
    })
    const tooLarge = () => {
      throw new ApiError(413, 'too-large', 'over 60')
    }
    app.use(boundedBody({ budget, pool: 'signed-in', max: () => 60, tooLarge }))
    app.post('/', (c) => c.text('taken'))
    budget.reserve('signed-in', 'token:one').grow(20)
    const statusOf = async (who: string) =>
      (await app.request('/', { method: 'POST', body: 'a'.repeat(10), headers: { 'x-who': who } })).status
    expect([await statusOf('token:one'), await statusOf('token:two')]).toEqual([503, 200])
  })

  it('lets one user or token hold a quarter of the authenticated pool', () => {
    const budget = createBodyBudget(() => {}, LIMITS)
    expect(budget.reserve('signed-in', 'token:one').grow(25)).toBe(true)
    expect(budget.reserve('signed-in', 'token:one').grow(1)).toBe(false)
    expect(budget.reserve('signed-in', 'token:two').grow(25)).toBe(true)
    // An address with the same name counts separately.
    expect(budget.reserve('anonymous', 'token:one').grow(10)).toBe(true)
  })

  it('is independent for operators and anonymous clients', () => {
    const budget = createBodyBudget(() => {}, LIMITS)
    for (let n = 0; n < 8; n++) budget.reserve('anonymous', `192.0.2.${n}`).grow(10, true)
    expect(budget.held('anonymous')).toBe(40)
    expect(budget.reserve('signed-in', null).grow(100)).toBe(true)
  })

  it('has room for a body that arrives in one piece, however many stall', () => {
    const budget = createBodyBudget(() => {}, LIMITS)
    const stalled = Array.from({ length: 30 }, (_, n) => budget.reserve('anonymous', `198.51.100.${n}`))
    expect(stalled.filter((hold) => hold.grow(1))).toHaveLength(20)
    expect(budget.reserve('anonymous', '192.0.2.1').grow(1)).toBe(false)
    const whole = budget.reserve('anonymous', '192.0.2.1')
    expect(whole.grow(5, true)).toBe(true)
    whole.release()
    // A stalled body that completes makes room for another one.
    expect(stalled[0]?.grow(0, true)).toBe(true)
    expect(budget.reserve('anonymous', '192.0.2.2').grow(1)).toBe(true)
    for (const hold of stalled) hold.release()
    expect(budget.reserve('anonymous', '192.0.2.3').grow(10)).toBe(true)
  })
})
