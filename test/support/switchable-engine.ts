import { connect, createServer, type Server, type Socket } from 'node:net'

/** An address that leads to the engine only when it is switched on. */
export async function switchableEngine(target: string) {
  const [host = '', port = ''] = target.split(':')
  const open = new Set<Socket>()
  const relay = (client: Socket) => {
    const upstream = connect(Number(port), host)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        open.delete(socket)
      })
    }
    client.pipe(upstream).pipe(client)
  }
  let server: Server | undefined
  const listenOn = (wanted: number) =>
    new Promise<number>((resolve) => {
      server = createServer(relay).listen(wanted, '127.0.0.1', () => {
        const at = server?.address()
        resolve(typeof at === 'object' && at ? at.port : 0)
      })
    })
  const off = async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)))
  }
  // A port that is free: nobody answers there until it is switched on.
  const free = await listenOn(0)
  await off()
  return { address: `127.0.0.1:${free}`, on: () => listenOn(free), off }
}
