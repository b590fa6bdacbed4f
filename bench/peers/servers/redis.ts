import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { onPath } from '../../../scripts/ensure-test-tools.mjs'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { supervise, untilReady } from '../../../src/temporal/local-server/supervise.ts'
import { waitFor } from '../../../test/harness/wait-for.ts'
import { NotAvailableError } from '../../not-available.ts'
import { folderSize } from './folder-size.ts'
import type { StartServer } from './server.ts'

/** Redis with an append-only file, synced each second. */
export const startRedisServer: StartServer = async (folder) => {
  if (!onPath('redis-server')) throw new NotAvailableError('Redis is not installed (Debian: redis-server)')
  const port = await freePort()
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: data,
    save: '',
    appendonly: 'yes',
    'auto-aof-rewrite-percentage': 0,
    'notify-keyspace-events': 'Ex',
    'maxmemory-policy': 'noeviction',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = supervise('redis-server', args, { logFile: join(folder, 'redis.log') })
  try {
    await untilReady('Redis', server, (signal) => waitFor(() => answersPing(port), { signal }))
  } catch (err) {
    await server.stop()
    throw err
  }
  return {
    address: `127.0.0.1:${port}`,
    url: (address) => `redis://${address}`,
    disk: async () => folderSize(data),
    stop: server.stop,
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.on('error', () => resolve(false))
    socket.on('data', (answer) => {
      socket.destroy()
      resolve(answer.toString().startsWith('+PONG'))
    })
  })
}
