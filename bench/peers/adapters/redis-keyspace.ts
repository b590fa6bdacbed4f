import type { Adapter, Message } from '../adapter.ts'

/** What is used of ioredis. */
interface RedisClient {
  multi(): { set(...args: (string | number)[]): ReturnType<RedisClient['multi']>; exec(): Promise<unknown> }
  get(key: string): Promise<string | null>
  del(...keys: string[]): Promise<number>
  subscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, key: string) => void): void
  on(event: 'error', listener: (err: Error) => void): void
}

const TIMER = 'timer:'
const dataKey = (id: string) => `message:${id}`

/**
 * Keys that expire, and Redis's event for each. An expired key has no value any more, so the message is in a second key.
 * Source: https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/.
 */
export const redisKeyspaceAdapter: Adapter = {
  title: 'Redis keyspace notifications',
  server: 'redis',
  canCancel: true,
  usesLibrary: true,
  recoveryMs: 1_000,
  settings: 'notify-keyspace-events Ex, append-only file synced each second',
  async open({ url, library, send, onError }) {
    const { Redis } = await library<{ Redis: new (url: string) => RedisClient }>('ioredis')
    const [redis, subscriber] = [new Redis(url), new Redis(url)]
    for (const client of [redis, subscriber]) client.on('error', onError)
    const sendExpired = async (key: string) => {
      if (!key.startsWith(TIMER)) return
      const id = key.slice(TIMER.length)
      const stored = await redis.get(dataKey(id))
      if (stored === null) return
      await send(JSON.parse(stored) as Message)
      await redis.del(dataKey(id))
    }
    subscriber.on('message', (_channel, key) => void sendExpired(key).catch(onError))
    await subscriber.subscribe('__keyevent@0__:expired')
    return {
      async schedule(message) {
        const { id, dueAt } = message
        const data = JSON.stringify(message)
        await redis.multi().set(dataKey(id), data).set(`${TIMER}${id}`, '', 'PXAT', dueAt).exec()
      },
      async cancel(id) {
        await redis.del(`${TIMER}${id}`, dataKey(id))
      },
    }
  },
}
