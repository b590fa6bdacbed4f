import { describe, expect, it, vi } from 'vitest'
import { UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import type { Principal } from '../../auth/principal.ts'
import { NO_LINKS, type View } from '../view.ts'
import { createLiveStreams, type StreamRequest } from './live-streams.ts'

const VIEW: View = {
  language: 'zh',
  theme: 'system',
  url: '/',
  links: NO_LINKS,
  principal: null,
  notice: null,
}

function setUp(read: () => number = () => 1) {
  let clock = 0
  const reads = vi.fn(async () => read())
  const renders = vi.fn(async (value: number, { language, principal }: View) => [
    { id: 'figure', html: `<p id="figure">${value}</p>` },
    { id: 'who', html: `<p id="who">${language} ${principal?.role}</p>` },
  ])
  const live = createLiveStreams<number>(
    { read: reads, render: renders },
    { log: { warn: vi.fn() }, now: () => clock, clock: () => clock, tickMs: 5 },
  )
  return { live, reads, renders, pass: (ms: number) => (clock += ms) }
}

function request(actor: string, more: Partial<StreamRequest> = {}): StreamRequest {
  const principal: Principal = { actor, role: 'viewer' }
  return { view: VIEW, principal, principalNow: async () => principal, ...more }
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | null> {
  const { value } = await reader.read()
  return value ? new TextDecoder().decode(value) : null
}

function reader(stream: ReadableStream<Uint8Array> | null): ReadableStreamDefaultReader<Uint8Array> {
  if (!stream) throw new Error('no stream')
  return stream.getReader()
}

describe('live streams', () => {
  it('begin with all parts, and then send only what has changed', async () => {
    let value = 1
    const { live } = setUp(() => value)
    const page = reader(live.open(request('lin')))
    const first = await next(page)
    expect(first).toContain('<hx-partial hx-target="#figure" hx-swap="outerMorph"><p id="figure">1</p>')
    expect(first).toContain('zh viewer')
    value = 2
    const second = await next(page)
    expect(second).toContain('<p id="figure">2</p>')
    expect(second).not.toContain('id="who"')
    await page.cancel()
  })

  it('share one reading, and make none while nobody watches', async () => {
    const { live, reads } = setUp()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(reads).not.toHaveBeenCalled()
    const pages = ['lin', 'wang', 'zhao'].map((actor) => reader(live.open(request(actor))))
    await Promise.all(pages.map(next))
    expect(reads).toHaveBeenCalledTimes(1)
    await Promise.all(pages.map((page) => page.cancel()))
    expect(live.count).toBe(0)
    const before = reads.mock.calls.length
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(reads.mock.calls.length).toBeLessThanOrEqual(before + 1)
  })

  it('say that they are alive when nothing changes', async () => {
    const { live, pass } = setUp()
    const page = reader(live.open(request('lin')))
    await next(page)
    pass(3_000)
    expect(await next(page)).toBe('event: alive\ndata: -\n\n')
    await page.cancel()
  })

  it('end with the session', async () => {
    const { live, pass } = setUp()
    let principal: Principal | null = { actor: 'lin', role: 'viewer' }
    const page = reader(live.open(request('lin', { principalNow: async () => principal })))
    await next(page)
    principal = null
    pass(5_000)
    expect(await next(page)).toBe('event: signed-out\ndata: -\n\n')
    expect(await next(page)).toBeNull()
    expect(live.count).toBe(0)
  })

  it('follow a new role of the user', async () => {
    const { live, pass } = setUp()
    const principalNow = async (): Promise<Principal> => ({ actor: 'lin', role: 'operator' })
    const page = reader(live.open(request('lin', { principalNow })))
    await next(page)
    pass(5_000)
    expect(await next(page)).toContain('zh operator')
    await page.cancel()
  })

  it('are bounded for each user, and a closed one makes room', async () => {
    const { live } = setUp()
    const pages = Array.from({ length: 8 }, () => reader(live.open(request('lin'))))
    expect(live.open(request('lin'))).toBeNull()
    await pages[0]?.cancel()
    const another = live.open(request('lin'))
    expect(another).not.toBeNull()
    await Promise.all([...pages.slice(1).map((page) => page.cancel()), another?.cancel()])
  })

  it('are bounded for the process', async () => {
    const { live } = setUp()
    const all = Array.from({ length: 210 }, (_, i) => live.open(request(`user-${i}`)))
    expect(all.filter((stream) => stream !== null)).toHaveLength(200)
    await Promise.all(all.map((stream) => stream?.cancel()))
  })

  it('skip what a slow client does not take, and send it the newest state', async () => {
    let value = 0
    const { live, reads } = setUp(() => ++value)
    const page = reader(live.open(request('lin')))
    await vi.waitFor(() => expect(reads.mock.calls.length).toBeGreaterThan(10), {
      timeout: UNIT_TIMEOUT_MS / 2,
    })
    const waiting = [await next(page), await next(page)]
    expect(waiting.join()).toContain('<p id="figure">2</p>')
    const newest = Number(/id="figure">(\d+)</.exec((await next(page)) ?? '')?.[1])
    expect(newest).toBeGreaterThan(10)
    await page.cancel()
  })
})
