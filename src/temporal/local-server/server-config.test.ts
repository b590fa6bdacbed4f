import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { dynamicConfigYaml, serverYaml, uiYaml } from './server-config.ts'
import { cliArguments } from './start-server.ts'

const ports = { frontend: 7233, others: [1, 2, 3, 4, 5, 6, 7] } as const

describe('the local Temporal server', () => {
  it('listens for gRPC and its own parts alone, on the loopback address', () => {
    const { services, global } = parse(
      serverYaml('/data/temporal.db', { ...ports, others: [...ports.others] }, ''),
    )
    const listeners = Object.entries<{ rpc: object }>(services).map(([name, { rpc }]) => [name, rpc])
    expect(listeners.map(([name]) => name)).toEqual(['frontend', 'matching', 'history', 'worker'])
    for (const [, rpc] of listeners) {
      expect(rpc).toEqual({
        grpcPort: expect.any(Number),
        membershipPort: expect.any(Number),
        bindOnLocalHost: true,
      })
    }
    // Nothing for metrics and profiles either.
    expect(Object.keys(global)).toEqual(['membership'])
  })

  it('answers to no name over HTTP where its port cannot be closed', () => {
    expect(parse(dynamicConfigYaml())['frontend.httpAllowedHosts']).toEqual([{ value: [] }])
    const args = cliArguments({
      database: '/data/temporal.db',
      port: 7233,
      ui: 8233,
      namespace: 'default',
      codecUrl: undefined,
    })
    expect(args).toContain('frontend.httpAllowedHosts=[]')
    expect(args.slice(0, 4)).toEqual(['server', 'start-dev', '--ip', '127.0.0.1'])
  })

  it('lets pages of its own Web UI alone call the Web UI', () => {
    const { host, cors, ...others } = parse(uiYaml(8233, '127.0.0.1:7233'))
    expect(host).toBe('127.0.0.1')
    expect(cors).toEqual({ allowOrigins: ['http://127.0.0.1:8233', 'http://localhost:8233'] })
    expect(others).not.toHaveProperty('auth')
  })
})
