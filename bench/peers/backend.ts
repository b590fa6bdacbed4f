import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startTcpProxy } from '../../test/fixtures/tcp-proxy.ts'
import type { ServerName } from './adapter.ts'
import { startElasticmqServer } from './servers/elasticmq.ts'
import { startPostgresServer } from './servers/postgres.ts'
import { startRabbitmqServer } from './servers/rabbitmq.ts'
import { startRedisServer } from './servers/redis.ts'
import type { StartServer } from './servers/server.ts'
import { startTemporalServer } from './servers/temporal.ts'
import type { Route } from './system.ts'

const START: Readonly<Record<ServerName, StartServer>> = {
  postgres: startPostgresServer,
  redis: startRedisServer,
  rabbitmq: startRabbitmqServer,
  elasticmq: startElasticmqServer,
  temporal: startTemporalServer,
}

/** The servers of one design, each with a TCP proxy in front of it. */
export interface Backend {
  /** The URL of a server, or of the proxy in front of it. */
  url(name: ServerName, route: Route): string
  connections: { off(): Promise<void>; on(): Promise<void> }
  /** Bytes of what the servers store; null: they store nothing on disk. */
  disk(): Promise<number | null>
  stop(): Promise<void>
}

/**
 * Starts servers, each with its files in a subfolder of `folder`.
 * @throws NotAvailableError when this machine lacks one
 */
export async function startBackend(
  names: readonly ServerName[],
  folder: string,
  print: (line: string) => void,
): Promise<Backend> {
  const started: { name: ServerName; server: Awaited<ReturnType<StartServer>>; proxy: Proxy }[] = []
  const stop = async () => {
    await each(({ proxy }) => proxy.off())
    await each(({ server }) => server.stop())
  }
  const each = (work: (one: (typeof started)[number]) => Promise<unknown>) => Promise.all(started.map(work))
  try {
    for (const name of names) {
      const own = join(folder, name)
      mkdirSync(own, { recursive: true })
      const server = await START[name](own, print)
      const proxy = await startTcpProxy(server.address)
      started.push({ name, server, proxy })
      await proxy.on()
    }
  } catch (err) {
    await stop()
    throw err
  }
  return {
    url(name, route) {
      const one = started.find((s) => s.name === name)
      if (!one) throw new Error(`the server ${name} was not started`)
      return one.server.url(route === 'direct' ? one.server.address : one.proxy.address)
    },
    connections: {
      off: async () => void (await each(({ proxy }) => proxy.off())),
      on: async () => void (await each(({ proxy }) => proxy.on())),
    },
    async disk() {
      const sizes = (await Promise.all(started.map(({ server }) => server.disk()))).filter((s) => s !== null)
      return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0)
    },
    stop,
  }
}

type Proxy = Awaited<ReturnType<typeof startTcpProxy>>
