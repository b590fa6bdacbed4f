import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NotConnected } from './connection.ts'
import { createHosts, fallbacksOf } from './hosts.ts'

const NAMES = ['api', 'api2', 'sh']

/** An API with these hosts, some of them unreachable. */
function apiWith(unreachable: string[], names = NAMES) {
  const down = new Set(unreachable)
  const hosts = createHosts(names)
  let called: string[] = []
  const connect = async (base: string) => {
    called.push(base)
    if (down.has(base)) throw new NotConnected(base)
    return base
  }
  return {
    hosts,
    down,
    /** Makes one call. @returns the host that answered, or the error, and every host that was tried */
    async call(mayRetry = () => true) {
      called = []
      const end = await hosts.reach(connect, mayRetry).catch((err: Error) => err.name)
      return { end, called }
    },
  }
}

// The clock of the circuit breakers.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('the fallback hosts of WeChat’s API', () => {
  it('are the documented ones, and exist for the default host only', () => {
    expect(fallbacksOf('https://api.weixin.qq.com')).toEqual([
      'https://api2.weixin.qq.com',
      'https://sh.api.weixin.qq.com',
      'https://sz.api.weixin.qq.com',
      'https://hk.api.weixin.qq.com',
    ])
    for (const base of ['https://api2.weixin.qq.com', 'http://127.0.0.1:3100', 'https://proxy.example'])
      expect(fallbacksOf(base)).toEqual([])
  })
})

describe('an unreachable host', () => {
  it('is replaced by the next ones, in order', async () => {
    expect(await apiWith(['api']).call()).toEqual({ end: 'api2', called: ['api', 'api2'] })
    expect(await apiWith(['api', 'api2']).call()).toEqual({ end: 'sh', called: NAMES })
  })

  it('is skipped for 30 s, then tried by one call', async () => {
    const api = apiWith(['api'])
    await api.call()
    pass(29_999)
    expect(await api.call()).toEqual({ end: 'api2', called: ['api2'] })
    pass(1)
    expect(await api.call()).toEqual({ end: 'api2', called: ['api', 'api2'] })
    pass(29_999)
    expect(await api.call()).toEqual({ end: 'api2', called: ['api2'] })
  })

  it('is used first again once it answers', async () => {
    const api = apiWith(['api'])
    await api.call()
    api.down.clear()
    pass(30_000)
    expect(await api.call()).toEqual({ end: 'api', called: ['api'] })
    expect(await api.call()).toEqual({ end: 'api', called: ['api'] })
  })

  it('is probed by one call only, and the others do not wait for it', async () => {
    const api = apiWith(['api'])
    await api.call()
    pass(30_000)
    let answer: (name: string) => void = () => {}
    const trying = api.hosts.reach(
      () => new Promise<string>((resolve) => (answer = resolve)),
      () => true,
    )
    expect(await api.call()).toEqual({ end: 'api2', called: ['api2'] })
    answer('the first')
    expect(await trying).toBe('the first')
  })

  it('is the last host tried when there is no time for another', async () => {
    const api = apiWith(['api'])
    expect(await api.call(() => false)).toEqual({ end: 'NotConnected', called: ['api'] })
    expect(await api.call(() => false)).toEqual({ end: 'api2', called: ['api2'] })
  })
})

describe('an API without a reachable host', () => {
  it('has all hosts tried by each call, because the network may recover at any moment', async () => {
    const api = apiWith(NAMES)
    expect(await api.call()).toEqual({ end: 'NotConnected', called: NAMES })
    expect(await api.call()).toEqual({ end: 'NotConnected', called: NAMES })
    api.down.clear()
    expect(await api.call()).toEqual({ end: 'api', called: ['api'] })
  })

  it('has a single host tried every time', async () => {
    const api = apiWith(['api'], ['api'])
    for (let i = 0; i < 3; i++) expect(await api.call()).toEqual({ end: 'NotConnected', called: ['api'] })
  })
})

describe('a change of a host', () => {
  it('is reported once, also when every host was unreachable and is tried again', async () => {
    const changes: [string, boolean][] = []
    const down = new Set(['api', 'api2'])
    const hosts = createHosts(['api', 'api2'], (base, unreachable) => changes.push([base, unreachable]))
    const call = () =>
      hosts
        .reach(
          async (base) => {
            if (down.has(base)) throw new NotConnected(base)
          },
          () => true,
        )
        .catch(() => {})
    await call()
    await call()
    expect(changes.splice(0)).toEqual([
      ['api', true],
      ['api2', true],
    ])
    down.clear()
    await call()
    await call()
    expect(changes).toEqual([['api', false]])
  })
})

describe('a call whose request may have been sent', () => {
  it('is not repeated at another host, and its host counts as reachable', async () => {
    const hosts = createHosts(NAMES)
    const called: string[] = []
    const lost = async (base: string) => {
      called.push(base)
      throw new Error('the connection was lost')
    }
    for (let i = 0; i < 2; i++)
      await expect(hosts.reach(lost, () => true)).rejects.toThrow('the connection was lost')
    expect(called).toEqual(['api', 'api'])
  })
})
