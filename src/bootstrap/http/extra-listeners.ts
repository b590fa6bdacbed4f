import { fork } from 'node:child_process'
import { type Server, Server as TcpServer } from 'node:net'
import { fileURLToPath } from 'node:url'

/** So many new connections are taken in a turn of the event loop: a turn of 100 ms then keeps up with 1,000 a second. */
const LISTEN_HANDLES = 128
const COPY_TIMEOUT_MS = 5_000
const copyProgram = fileURLToPath(new URL('./copy-listen-handle.cjs', import.meta.url))

/**
 * Node takes one new connection in a turn of the event loop and listening socket (libuv 1.45 and newer). In a flood a
 * turn is long, so new connections would wait for seconds while those that are in are served at once. The cure: more
 * listening handles of the same socket. Node 20 can duplicate one only by sending it to another process and back; that
 * process ends at once. It gets the bare handle: from a `Server` Node would make one there too, which takes connections,
 * and they would end with it.
 * @returns what closes the extra handles; without them the server works all the same, so a failure here is none.
 */
export function addExtraListeners(server: Server): Promise<() => void> {
  return new Promise((resolve) => {
    const listeners: TcpServer[] = []
    const child = fork(copyProgram, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    const timeout = setTimeout(() => child.kill('SIGKILL'), COPY_TIMEOUT_MS)
    const done = () => {
      clearTimeout(timeout)
      resolve(() => {
        for (const listener of listeners) listener.close()
      })
    }
    child.on('message', (_, handle) => {
      if (!handle) return
      const listener = new TcpServer((socket) => server.emit('connection', socket))
      listeners.push(listener.listen(handle))
    })
    child.once('error', done)
    child.once('close', done)
    child.send(LISTEN_HANDLES - 1, bareHandleOf(server), () => {})
  })
}

/** What Node listens on below a server; it has no public name. */
function bareHandleOf(server: Server): Server {
  return (server as Server & { _handle: Server })._handle
}
