import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NotConnected } from './connection.ts'
import { createHosts, fallbacksOf } from './hosts.ts'

const NAMES = ['api', 'api2', 'sh']

/** Names of an API of which some are dead, and which of them were called. */
function apiWith(dead: string[], names = NAMES) {
  const down = new Set(dead)
  const hosts = createHosts(names)
  let called: string[] = []
  const visit = async (base: string) => {
    called.push(base)
    if (down.has(base)) throw new NotConnected(base)
    return base
  }
  return {
    hosts,
    down,
    /** One call: the name that answered, or the error, and all that were tried. */
    async call(mayGoOn = () => true) {
      called = []
      const end = await hosts.reach(visit, mayGoOn).catch((err: Error) => err.name)
      return { end, called }
    },
  }
}

// The breakers' clock.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('the names of WeChat’s API', () => {
  it('are the documented ones, for the default name only', () => {
    expect(fallbacksOf('https://api.weixin.qq.com')).toEqual([
      'https://api2.weixin.qq.com',
      'https://sh.api.weixin.qq.com',
      'https://sz.api.weixin.qq.com',
      'https://hk.api.weixin.qq.com',
    ])
    for (const own of ['https://api2.weixin.qq.com', 'http://127.0.0.1:3100', 'https://proxy.example'])
      expect(fallbacksOf(own)).toEqual([])
  })
})

describe('a name that cannot be connected', () => {
  it('hands its call to the next ones, in their order', async () => {
    expect(await apiWith(['api']).call()).toEqual({ end: 'api2', called: ['api', 'api2'] })
    expect(await apiWith(['api', 'api2']).call()).toEqual({ end: 'sh', called: NAMES })
  })

  it('is left alone for 30 s, then one call tries it', async () => {
    const api = apiWith(['api'])
    await api.call()
    pass(29_999)
    expect(await api.call()).toEqual({ end: 'api2', called: ['api2'] })
    pass(1)
    expect(await api.call()).toEqual({ end: 'api2', called: ['api', 'api2'] })
    pass(29_999)
    expect(await api.call()).toEqual({ end: 'api2', called: ['api2'] })
  })

  it('is the first again once it answers', async () => {
    const api = apiWith(['api'])
    await api.call()
    api.down.clear()
    pass(30_000)
    expect(await api.call()).toEqual({ end: 'api', called: ['api'] })
    expect(await api.call()).toEqual({ end: 'api', called: ['api'] })
  })

  it('is tried by one call only; the others do not wait for it', async () => {
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

  it('is the last one tried when there is no time for another', async () => {
    const api = apiWith(['api'])
    expect(await api.call(() => false)).toEqual({ end: 'NotConnected', called: ['api'] })
    expect(await api.call(() => false)).toEqual({ end: 'api2', called: ['api2'] })
  })
})

describe('when no name can be connected', () => {
  it('all of them are tried by each call: the network may be back any moment', async () => {
    const api = apiWith(NAMES)
    expect(await api.call()).toEqual({ end: 'NotConnected', called: NAMES })
    expect(await api.call()).toEqual({ end: 'NotConnected', called: NAMES })
    api.down.clear()
    expect(await api.call()).toEqual({ end: 'api', called: ['api'] })
  })

  it('one that stands alone is always tried', async () => {
    const api = apiWith(['api'], ['api'])
    for (let i = 0; i < 3; i++) expect(await api.call()).toEqual({ end: 'NotConnected', called: ['api'] })
  })
})

describe('a name’s death and return', () => {
  it('are told once each, also when all were dead and tried again', async () => {
    const changes: [string, boolean][] = []
    const down = new Set(['api', 'api2'])
    const hosts = createHosts(['api', 'api2'], (base, dead) => changes.push([base, dead]))
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

describe('a call that may have left', () => {
  it('is made at no other name, and its name stays alive', async () => {
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
