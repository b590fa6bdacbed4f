import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'

/** Serves the commands of docker-stand-in.mjs on a Unix socket in the stack's folder, which only the folder's owner may use. */
export async function listenForCommands(cluster: Cluster, folder: string): Promise<{ close(): void }> {
  const commands: Record<string, (services: string[]) => unknown> = {
    up: (services) => cluster.up(...services),
    start: (services) => cluster.start(...services),
    stop: (services) => cluster.stop(...services),
    async restart(services) {
      await cluster.stop(...services)
      await cluster.start(...services)
    },
    run: ([service = '']) => cluster.run(service),
    exec: ([service = '']) => cluster.envOf(service),
  }
  const server = createServer(async (request, response) => {
    try {
      let text = ''
      for await (const chunk of request) text += chunk
      const [name = '', ...services] = JSON.parse(text) as string[]
      const command = commands[name]
      if (!command)
        throw new Error(`unknown command ${name}; the commands are ${Object.keys(commands).join(', ')}`)
      const result = await command(services)
      response.end(JSON.stringify(result ?? null))
    } catch (err) {
      response.writeHead(500).end(err instanceof Error ? `${err.message} ${err.cause ?? ''}` : String(err))
    }
  })
  // `up` is answered only when the stack has started, which takes minutes.
  server.requestTimeout = 0
  const socket = join(folder, 'control.sock')
  rmSync(socket, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  return {
    close() {
      server.close()
      rmSync(socket, { force: true })
    },
  }
}
