import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { supervise, untilReady } from '../../../src/temporal/local-server/supervise.ts'
import { waitFor } from '../../../test/harness/wait-for.ts'
import { NotAvailableError } from '../../not-available.ts'
import { folderSize } from './folder-size.ts'
import type { StartServer } from './server.ts'

/** Debian's own command changes the user, so the program behind it runs. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** RabbitMQ as one node, with the port mapper of Erlang under the same care. */
export const startRabbitmqServer: StartServer = async (folder) => {
  if (!existsSync(PROGRAM)) throw new NotAvailableError('RabbitMQ is not installed (Debian: rabbitmq-server)')
  const [port, distribution, mapper] = await Promise.all([freePort(), freePort(), freePort()])
  const [data, log] = [join(folder, 'data'), join(folder, 'log')]
  for (const each of [data, log]) mkdirSync(each, { recursive: true })
  const plugins = join(folder, 'enabled_plugins')
  writeFileSync(plugins, '[].\n')
  const env = {
    HOME: folder,
    // The script then becomes the server, so that a signal to it reaches the server.
    RUNNING_UNDER_SYSTEMD: 'true',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_NODENAME: `bench${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: data,
    RABBITMQ_LOG_BASE: log,
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
  }
  // Started first, so that Erlang starts none of its own, which would go on running.
  const epmd = supervise('epmd', ['-port', String(mapper), '-address', '127.0.0.1'], {
    logFile: join(folder, 'epmd.log'),
    env,
  })
  await waitFor(() => opensConnection(mapper), { message: () => 'epmd does not listen' })
  const server = supervise(PROGRAM, [], { logFile: join(folder, 'rabbitmq.log'), env, stopTimeoutMs: 15_000 })
  const stop = async () => {
    await server.stop()
    await epmd.stop()
  }
  try {
    await untilReady('RabbitMQ', server, (signal) => waitFor(() => speaksAmqp(port), { signal }))
  } catch (err) {
    await stop()
    throw err
  }
  return {
    address: `127.0.0.1:${port}`,
    url: (address) => `amqp://${address}`,
    disk: async () => folderSize(data),
    stop,
  }
}

function opensConnection(port: number): Promise<boolean> {
  return firstAnswer(port, null)
}

/** AMQP begins with a greeting of the client, which the server answers. Source: AMQP 0-9-1, section 4.2.2. */
function speaksAmqp(port: number): Promise<boolean> {
  return firstAnswer(port, Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]))
}

/** Whether a server accepts a connection and, where there is a greeting, answers it. */
function firstAnswer(port: number, greeting: Buffer | null): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    const socket = connect(port, '127.0.0.1', () => (greeting ? socket.write(greeting) : end(true)))
    socket.on('data', () => end(true))
    socket.on('error', () => end(false))
    socket.on('close', () => resolve(false))
  })
}
