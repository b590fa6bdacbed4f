import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { dynamicConfigYaml, serverYaml, uiYaml } from './server-config.ts'
import { cliArguments } from './start-server.ts'

const ports = { frontend: 7233, others: [1, 2, 3, 4, 5, 6, 7] } as const

describe('the local Temporal server', () => {
  it('listens on the loopback address only, for gRPC and its own services', () => {
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
    // No listeners for metrics or profiles.
    expect(Object.keys(global)).toEqual(['membership'])
  })

  it('accepts no host name over HTTP, whose port cannot be closed', () => {
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

  it('reads due timers as often as Temporal does by default, and deletes fired ones before they slow the reads down', () => {
    const config = parse(dynamicConfigYaml())
    const [rate, deletion] = ['MaxPollRPS', 'UpdateAckInterval'].map(
      (name) => config[`history.timerProcessor${name}`]?.[0].value,
    )
    expect(rate ?? 20).toBeGreaterThanOrEqual(20)
    expect(deletion).toBe('2s')
  })

  it('puts the tasks of every queue into one partition, and still reads those of an earlier version', () => {
    const config = parse(dynamicConfigYaml())
    expect(config['matching.numTaskqueueWritePartitions']).toEqual([{ value: 1 }])
    const read = config['matching.numTaskqueueReadPartitions']
    expect(read).toEqual([{ value: 1, constraints: { taskQueueName: 'send' } }])
  })

  it('accepts calls to the Web UI only from its own pages', () => {
    const { host, port, cors, ...others } = parse(
      uiYaml({ port: 20_001, publicPort: 8233, address: '127.0.0.1:7233' }),
    )
    expect([host, port]).toEqual(['127.0.0.1', 20_001])
    expect(cors).toEqual({ allowOrigins: ['http://127.0.0.1:8233', 'http://localhost:8233'] })
    expect(others).not.toHaveProperty('auth')
  })
})
